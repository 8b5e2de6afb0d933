/** Differential test: stored answers of seqeval (test/fixtures/metrics/make_seqeval_cases.py made them). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";
import { classificationReport } from "../../../lib/metrics/report.ts";
import { seqeval } from "../../../lib/metrics/seqeval.ts";
import { projectRoot } from "../../support/shared.ts";
import { padded } from "./padded.ts";

interface Case {
  gold: string[];
  predicted: string[];
  accuracy: number;
  /** Row name -> precision, recall, f1, support. */
  rows: Record<string, [number, number, number, number]>;
  text?: string;
}

const file = join(projectRoot, "test", "fixtures", "metrics", "seqeval_cases.json");
const cases = (JSON.parse(readFileSync(file, "utf8")) as Case[]).map((one) => ({
  ...one,
  gold: one.gold.map((tags) => tags.split(" ")),
  predicted: one.predicted.map((tags) => tags.split(" ")),
}));

test("the stored cases are there, with all their kinds", () => {
  expect(cases.length).toBe(300);
  expect(cases.filter(({ text }) => text).length).toBe(60);
  expect(cases.some(({ rows }) => "_" in rows)).toBe(true);
});

test("the report's rows equal seqeval's in every case", () => {
  for (const { gold, predicted, rows } of cases) {
    const report = classificationReport(gold, predicted, { outputDict: true });
    expect(Object.keys(report)).toEqual(Object.keys(rows));
    for (const [name, [precision, recall, f1, support]] of Object.entries(rows)) {
      expect(report[name]!.precision).toBeCloseTo(precision, 12);
      expect(report[name]!.recall).toBeCloseTo(recall, 12);
      expect(report[name]!["f1-score"]).toBeCloseTo(f1, 12);
      expect(report[name]!.support).toBe(support);
    }
  }
});

test("the report's text equals seqeval's letter for letter", () => {
  for (const { gold, predicted, text } of cases) {
    if (text) expect(classificationReport(gold, predicted)).toBe(text);
  }
});

test("entity scores and computeMetrics equal seqeval's micro average and accuracy", () => {
  for (const { gold, predicted, rows, accuracy } of cases) {
    const [precision, recall, f1] = rows["micro avg"]!;
    const scores = evaluateEntities(gold, predicted);
    expect(scores.overall_accuracy).toBeCloseTo(accuracy, 12);
    expect(scores.overall_f1).toBeCloseTo(f1, 12);

    const { labels, prediction } = padded(gold, predicted);
    const metrics = seqeval(labels)(prediction);
    expect(metrics.precision).toBeCloseTo(precision, 12);
    expect(metrics.recall).toBeCloseTo(recall, 12);
    expect(metrics.f1).toBeCloseTo(f1, 12);
    expect(metrics.accuracy).toBeCloseTo(accuracy, 12);
  }
});
