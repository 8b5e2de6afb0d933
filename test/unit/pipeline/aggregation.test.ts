/** Stored answers of transformers' pipeline (test/fixtures/pipeline/make_aggregation_cases.py made them). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  aggregate,
  type EntityGroup,
  type Piece,
  type TokenEntity,
} from "../../../lib/pipeline/aggregation.ts";
import { softmaxRow } from "../../../lib/pipeline/logits.ts";
import { projectRoot } from "../../support/shared.ts";

interface Case {
  labels: string[];
  ignoreLabels: string[];
  text: string;
  offsets: [number, number][];
  logits: number[][];
  none: Omit<TokenEntity, "word">[];
  simple: Omit<EntityGroup, "word">[];
}

const file = join(projectRoot, "test", "fixtures", "pipeline", "aggregation_cases.json");
const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];

/** The pieces between [CLS] and [SEP]. */
function piecesOf({ offsets, logits }: Case): Piece[] {
  return offsets
    .map(([start, end], index) => {
      const row = Float32Array.from(logits[index]!);
      return { index, start, end, probabilities: softmaxRow(row, 0, row.length) };
    })
    .slice(1, -1);
}

test("the stored cases hold groups of several pieces, and ignored labels", () => {
  expect(cases.length).toBe(60);
  expect(cases.some((one) => one.simple.length > 0 && one.none.length > one.simple.length)).toBe(true);
  expect(cases.some((one) => one.none.length === 0 && one.text !== "")).toBe(true);
});

test.each(["none", "simple"] as const)("strategy %s gives transformers' answers", (strategy) => {
  for (const one of cases) {
    const results = aggregate(piecesOf(one), one.text, one.labels, strategy, one.ignoreLabels);
    expect(results.map(({ word, score, ...rest }) => rest)).toEqual(
      one[strategy].map(({ score, ...rest }) => rest),
    );
    results.forEach((result, i) => {
      expect(Math.abs(result.score - one[strategy][i]!.score)).toBeLessThan(1e-6);
      expect(result.word).toBe(one.text.slice(result.start, result.end));
    });
  }
});

/** One piece per word, each sure of its label. */
function tagged(text: string, tags: readonly string[]): { pieces: Piece[]; labels: string[] } {
  const labels = [...new Set(tags)];
  let at = 0;
  const pieces = text.split(" ").map((word, i) => {
    const start = at;
    at += word.length + 1;
    const probabilities = new Float32Array(labels.length);
    probabilities[labels.indexOf(tags[i]!)] = 1;
    return { index: i + 1, start, end: start + word.length, probabilities };
  });
  return { pieces, labels };
}

test.each([
  ["B then I of its type is one entity", ["B-X", "I-X"], ["one two:X"]],
  ["B then B is two", ["B-X", "B-X"], ["one:X", "two:X"]],
  ["I then I of another type is two", ["I-X", "I-Y"], ["one:X", "two:Y"]],
  ["I after O opens an entity", ["O", "I-X"], ["two:X"]],
  ["labels without prefix group by name", ["X", "X"], ["one two:X"]],
])("%s", (_, tags, expected) => {
  const { pieces, labels } = tagged("one two", tags);
  const groups = aggregate(pieces, "one two", labels, "simple", ["O"]);
  expect(groups.map(({ word, entity_group }) => `${word}:${entity_group}`)).toEqual(expected);
});

test("a word is the text's own spelling, blanks and characters of two units included", () => {
  const text = "U.S. 🦜  São";
  const probabilities = Float32Array.of(1);
  const pieces = [
    { index: 1, start: 0, end: 4, probabilities },
    { index: 2, start: 5, end: 7, probabilities },
    { index: 3, start: 9, end: 12, probabilities },
  ];
  expect(aggregate(pieces, text, ["I-X"], "simple", []).map(({ word }) => word)).toEqual([text]);
  expect(aggregate(pieces, text, ["I-X"], "none", []).map(({ word }) => word)).toEqual(["U.S.", "🦜", "São"]);
});
