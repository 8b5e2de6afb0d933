import { type EntityScores, evaluateEntities } from "../../lib/metrics/entities.ts";
import { randomNumbers } from "./batches.ts";
import { runPython } from "./python_process.ts";

interface Case {
  gold: string[][];
  predicted: string[][];
}

const names = ["PER", "LOC", "ORG"];
const iob2 = ["O", ...names.flatMap((name) => [`B-${name}`, `I-${name}`])];
const otherSchemes = [
  "O",
  ...["B", "I", "E", "S"].flatMap((prefix) => names.map((name) => `${prefix}-${name}`)),
];

/** Sentences that share most tags with gold, so that spans of all kinds match, overlap and miss. */
function randomCase(seed: number): Case {
  const random = randomNumbers(seed * 7919 + 1);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const tags = seed % 2 === 0 ? iob2 : otherSchemes;
  const noise = pick([0, 0.1, 0.3, 0.8]);
  const gold = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
    Array.from({ length: 1 + Math.floor(random() * 12) }, () => (random() < 0.4 ? "O" : pick(tags))),
  );
  const predicted = gold.map((sentence) => sentence.map((tag) => (random() < noise ? pick(tags) : tag)));
  return { gold, predicted };
}

test("500 random sets of tags: Python's seqeval gives the same scores", async () => {
  const cases = Array.from({ length: 500 }, (_, seed) => randomCase(seed));
  const answers = await runPython<(EntityScores | null)[]>("metrics.py", { cases });
  const compared = cases.filter((one, i) => {
    const theirs = answers[i];
    if (!theirs) return false; // seqeval fails where no side has an entity
    const ours = evaluateEntities(one.gold, one.predicted);
    expect(rounded(ours)).toEqual(rounded(theirs));
    return true;
  });
  expect(compared.length).toBeGreaterThan(450);
}, 120_000);

/** 12 digits: the order of a division may move the last. */
function rounded(scores: EntityScores): unknown {
  return JSON.parse(JSON.stringify(scores), (_, value) =>
    typeof value === "number" ? Number(value.toPrecision(12)) : value,
  );
}
