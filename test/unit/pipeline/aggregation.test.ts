/** Stored answers of transformers' pipeline (test/fixtures/pipeline/make_aggregation_cases.py made them). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AggregationStrategy,
  aggregate,
  aggregationStrategies,
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
  /** 1 where a piece goes on with the word of the one before it. */
  continues: number[];
  none: Omit<TokenEntity, "word">[];
  simple: Groups;
  first: Groups;
  average: Groups;
  max: Groups;
}

type Groups = Omit<EntityGroup, "word">[];

const file = join(projectRoot, "test", "fixtures", "pipeline", "aggregation_cases.json");
const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];

/** The pieces between [CLS] and [SEP]. */
function piecesOf({ offsets, logits, continues }: Case): Piece[] {
  return offsets
    .map(([start, end], index) => {
      const row = Float32Array.from(logits[index]!);
      const continuesWord = continues[index] === 1;
      return { index, start, end, continuesWord, probabilities: softmaxRow(row, 0, row.length) };
    })
    .slice(1, -1);
}

test("the stored cases hold groups of several pieces, and ignored labels", () => {
  expect(cases.length).toBe(200);
  expect(cases.some((one) => one.simple.length > 0 && one.none.length > one.simple.length)).toBe(true);
  expect(cases.some((one) => one.none.length < one.offsets.length - 2)).toBe(true);
});

test.each(aggregationStrategies)("strategy %s gives transformers' answers", (strategy) => {
  for (const one of cases) {
    const results = aggregate(piecesOf(one), one.text, one.labels, {
      ...{ strategy, ignoreLabels: one.ignoreLabels },
    });
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
    return { index: i + 1, start, end: start + word.length, continuesWord: false, probabilities };
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
  const groups = aggregate(pieces, "one two", labels, { strategy: "simple", ignoreLabels: ["O"] });
  expect(groups.map(({ word, entity_group }) => `${word}:${entity_group}`)).toEqual(expected);
});

test("a word is the text's own spelling, blanks and characters of two units included", () => {
  const text = "U.S. 🦜  São";
  const rest = { probabilities: Float32Array.of(1), continuesWord: false };
  const pieces = [
    { index: 1, start: 0, end: 4, ...rest },
    { index: 2, start: 5, end: 7, ...rest },
    { index: 3, start: 9, end: 12, ...rest },
  ];
  const words = (strategy: AggregationStrategy) =>
    aggregate(pieces, text, ["I-X"], { strategy, ignoreLabels: [] }).map(({ word }) => word);
  expect(words("simple")).toEqual([text]);
  expect(words("none")).toEqual(["U.S.", "🦜", "São"]);
});

test("labels of BIOES are grouped by their scheme, where transformers lets them fall apart", () => {
  const { pieces, labels } = tagged("a b c d e", ["B-X", "I-X", "E-X", "S-X", "S-X"]);
  const groups = aggregate(pieces, "a b c d e", labels, { strategy: "simple", ignoreLabels: ["O"] });
  expect(groups.map(({ word, entity_group }) => `${word}:${entity_group}`)).toEqual([
    "a b c:X",
    "d:X",
    "e:X",
  ]);
});

test("the pieces of one word stay together under BIOES, each though it may be an S- of its own", () => {
  const { pieces, labels } = tagged("wash ing ton", ["S-X", "S-X", "E-X"]);
  const word = pieces.map((piece, i) => ({ ...piece, continuesWord: i > 0 }));
  const groups = aggregate(word, "wash ing ton", labels, { strategy: "simple", ignoreLabels: [] });
  expect(groups).toHaveLength(1);
});

test("a type of several parts without a prefix keeps its whole name, which transformers cuts at the dash", () => {
  const { pieces, labels } = tagged("Mona Lisa", ["creative-work", "creative-work"]);
  const groups = aggregate(pieces, "Mona Lisa", labels, { strategy: "simple", ignoreLabels: [] });
  expect(groups.map(({ entity_group }) => entity_group)).toEqual(["creative-work"]);
});

describe("valid tags", () => {
  const labels = ["O", "B-X", "I-X"];
  /** `I-X` is likeliest after an `O` that is surer than any other. */
  const pieces = [
    [0.9, 0.05, 0.05],
    [0.1, 0.4, 0.5],
    [0.2, 0.1, 0.7],
  ].map((row, i) => ({
    ...{ index: i + 1, start: 2 * i, end: 2 * i + 1, continuesWord: false },
    probabilities: Float32Array.from(row),
  }));
  const tags = (given: readonly Piece[], validTags: boolean) =>
    aggregate(given, "a b c", labels, { strategy: "none", ignoreLabels: [], validTags }).map(
      ({ entity }) => entity,
    );

  test("an entity begins with its B-", () => {
    expect(tags(pieces, false)).toEqual(["O", "I-X", "I-X"]);
    expect(tags(pieces, true)).toEqual(["O", "B-X", "I-X"]);
  });

  test("a word is decided by its first piece, and the pieces after it are inside of its entity", () => {
    const word = pieces.map((piece, i) => ({ ...piece, continuesWord: i === 2 }));
    expect(tags(word, true)).toEqual(["O", "B-X", "I-X"]);
    const outside = [pieces[0]!, { ...pieces[1]!, continuesWord: true }, pieces[2]!];
    expect(tags(outside, true)).toEqual(["O", "O", "O"]);
  });

  test.each(["simple", "first", "average", "max"] as const)("%s groups what was decided", (strategy) => {
    const groups = aggregate(pieces, "a b c", labels, { strategy, ignoreLabels: ["O"], validTags: true });
    expect(groups).toEqual([
      { entity_group: "X", score: expect.closeTo(0.55, 6), word: "b c", start: 2, end: 5 },
    ]);
  });
});
