/** seqeval itself, live, on random tags of every scheme and every option: the same figures, the same text. */
import { accuracyScore, f1Score, precisionScore, recallScore } from "../../lib/metrics/average_scores.ts";
import { evaluateEntities } from "../../lib/metrics/entities.ts";
import { classificationReport } from "../../lib/metrics/report.ts";
import { type Scheme, schemes } from "../../lib/metrics/schemes.ts";
import type { Average } from "../../lib/metrics/scores.ts";
import { randomNumbers } from "./batches.ts";
import { runPython } from "./python_process.ts";

interface Case {
  gold: string[][];
  predicted: string[][];
  mode: "strict" | null;
  scheme: Scheme | null;
  suffix: boolean;
  zeroDivision: 0 | 1;
  digits: number;
  /** Whether the functions of one figure are asked too, which takes Python long. */
  figures: boolean;
}

/** Precision, recall and F1, each for one type or all. */
type Figures = Record<"None" | "macro" | "weighted", (number | number[])[]>;

interface Answer {
  /** By row: precision, recall, F1, support. */
  rows: Record<string, [number, number, number, number]>;
  text: string;
  accuracy: number;
  figures: Partial<Figures>;
}

const prefixes: Record<Scheme, string> = {
  ...{ IOB1: "IB", IOB2: "IB", IOE1: "IE", IOE2: "IE", IOBES: "IBES", BILOU: "BILU" },
};
/** Detected from the tags by both sides; the others have to be named. */
const detectable: Scheme[] = ["IOB2", "IOE2", "IOBES", "BILOU"];
const odd = ["B", "I", "E", "S", "X", ".", "B-", "I-a-b", "X-PER", "o", "L-PER", "U-LOC", "🦜-ORG"];
const types = ["PER", "LOC", "work-of-art"];

/** Sentences that share most tags with gold, so that spans of all kinds match, overlap and miss. */
function randomCase(seed: number): Case {
  const random = randomNumbers(seed * 7919 + 1);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const mode = random() < 0.6 ? "strict" : null;
  const named = random() < 0.7;
  const scheme = pick(named ? schemes : detectable);
  const suffix = random() < 0.25;
  const letters = mode === null && random() < 0.5 ? [..."BIES"] : [...prefixes[scheme]];
  const one = (letter: string, type: string) => (suffix ? `${type}-${letter}` : `${letter}-${type}`);
  const tags = [
    ...letters.flatMap((letter) => types.map((type) => one(letter, type))),
    ...(mode === null && !suffix && random() < 0.3 ? odd : []),
    ...(mode !== null && random() < 0.2 ? letters : []),
  ];
  const outside = pick([0.2, 0.4, 0.95]);
  const noise = pick([0, 0.1, 0.3, 0.8]);
  const gold = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    Array.from({ length: 1 + Math.floor(random() * 9) }, () => (random() < outside ? "O" : pick(tags))),
  );
  const predicted = gold.map((sentence) =>
    sentence.map((tag) => (random() < noise ? pick([...tags, "O"]) : tag)),
  );
  return {
    ...{ gold, predicted, mode, suffix, zeroDivision: pick([0, 1]), digits: pick([0, 2, 4]) },
    scheme: mode !== null && named ? scheme : null,
    figures: seed % 20 === 0,
  };
}

const optionsOf = ({ mode, scheme, suffix, zeroDivision }: Case) => ({
  ...{ mode: mode ?? ("default" as const), scheme: scheme ?? undefined, suffix, zeroDivision },
});

test("25,000 random sets of tags in both modes and all schemes: Python's seqeval says the same", async () => {
  const cases = Array.from({ length: 25_000 }, (_, seed) => randomCase(seed));
  const answers = await runPython<(Answer | null)[]>("metrics.py", { cases });
  let compared = 0;
  const seen = new Set<string>();
  for (const [i, theirs] of answers.entries()) {
    if (!theirs) continue; // seqeval fails: no entity on either side, or prefixes that it cannot name a scheme for
    const one = cases[i]!;
    expect({ ...one, ...oursOf(one, theirs) }).toEqual({ ...one, ...rounded(theirs) });
    compared++;
    seen.add(`${one.mode} ${one.scheme} ${one.suffix}`);
  }
  console.log(
    `${compared} of ${cases.length} cases compared, all equal; seqeval has no answer for the others`,
  );
  expect(compared).toBeGreaterThan(20_000);
  expect(seen.size).toBe(2 * (1 + 1 + schemes.length)); // default, detected, each named; prefix and suffix
}, 600_000);

function oursOf(one: Case, { figures }: Answer): Answer {
  const { gold, predicted, digits } = one;
  const options = optionsOf(one);
  const report = classificationReport(gold, predicted, { ...options, outputDict: true });
  const { types: byType, ...overall } = evaluateEntities(gold, predicted, options);
  const micro = report["micro avg"]!;
  expect([overall.overall_precision, overall.overall_recall, overall.overall_f1]).toEqual([
    ...[micro.precision, micro.recall, micro["f1-score"]],
  ]);
  const rows = Object.entries(report).map(([name, row]) => [name, Object.values(row)]);
  expect(Object.keys(byType)).toEqual(rows.slice(0, -3).map(([name]) => name));
  return rounded({
    rows: Object.fromEntries(rows),
    text: classificationReport(gold, predicted, { ...options, digits }),
    accuracy: accuracyScore(gold, predicted),
    figures: Object.fromEntries(
      Object.keys(figures).map((name) => {
        const average = name === "None" ? null : (name as Average);
        const scores = [precisionScore, recallScore, f1Score];
        return [name, scores.map((score) => score(gold, predicted, { ...options, average }))];
      }),
    ),
  });
}

/** 12 digits: the order of a sum may move the last. */
function rounded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, one) =>
    typeof one === "number" ? Number(one.toPrecision(12)) : one,
  ) as T;
}
