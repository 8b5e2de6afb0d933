import { Dataset } from "../../../lib/data/dataset.ts";
import type { EncodedExample } from "../../../lib/data/types.ts";
import { atOnce } from "../../../lib/metrics/pieces.ts";
import {
  countSkippedWords,
  countWindows,
  joinWindows,
  sentencesOf,
  truncatedRows,
} from "../../../lib/training/sentences.ts";
import { wordPredictions } from "../../../lib/training/words.ts";

/** A row whose columns stand for these words; -1: a special token, or another window's piece. */
function row(wordIds: number[], wordLabels: Int32Array, window?: EncodedExample["window"]): EncodedExample {
  const { length } = wordIds;
  return {
    inputIds: Int32Array.from(wordIds, (word) => word + 10),
    tokenTypeIds: new Int32Array(length),
    attentionMask: new Int32Array(length).fill(1),
    labels: Int32Array.from(wordIds, (word) => (word < 0 ? -100 : wordLabels[word]!)),
    wordIds: Int32Array.from(wordIds),
    wordLabels,
    ...(window && { window }),
  };
}

// A short sentence; a long one of words 0 to 3 in two windows, its word 2 without a piece; another short one.
const long = Int32Array.of(1, 2, 0, 1);
const cut = row([-1, 0, 1, -1], long);
const examples = new Dataset([
  row([-1, 0, -1], Int32Array.of(1)),
  row([-1, 0, 1, -1, -1], long, { index: 0, truncated: cut }),
  row([-1, -1, 3, -1], long, { index: 1 }),
  row([-1, 0, 1, -1], Int32Array.of(0, 2)),
]);
const _ = -100;
const found = {
  predictions: Int32Array.of(9, 1, 9, _, _, /**/ 9, 1, 2, 0, 9, /**/ 9, 2, 1, 9, _, /**/ 9, 0, 2, 9, _),
  labelIds: Int32Array.of(_, 1, _, _, _, /**/ _, 1, 2, _, _, /**/ _, _, 1, _, _, /**/ _, 0, 2, _, _),
  shape: [4, 5],
};

test("windows of one sentence are found again, and counted", () => {
  expect(countWindows(examples)).toEqual({ sentences: 3, long: 1, windows: 2 });
  expect(sentencesOf(examples).map(({ wordIds }) => [...wordIds])).toEqual([
    [-1, 0, -1],
    [0, 1, 3],
    [-1, 0, 1, -1],
  ]);
});

test("what windows decide stands in one row, and a sentence has a tag for every word", () => {
  const joined = joinWindows(examples, found);
  expect(joined.shape).toEqual([3, 5]);
  expect([...joined.predictions]).toEqual([9, 1, 9, _, _, /**/ 1, 2, 1, _, _, /**/ 9, 0, 2, 9, _]);
  expect([...joined.labelIds].slice(5, 10)).toEqual([1, 2, 1, _, _]);
  expect(wordPredictions(sentencesOf(examples), joined, ["O", "B-X", "I-X"])).toEqual([
    ["B-X"],
    ["B-X", "I-X", "O", "B-X"],
    ["O", "I-X"],
  ]);
});

test("logits are joined as ids are", () => {
  const logits = Float32Array.from({ length: 4 * 5 * 3 }, (_value, i) => i);
  const joined = joinWindows(examples, { ...found, predictions: logits, shape: [4, 5, 3] });
  expect(joined.shape).toEqual([3, 5, 3]);
  expect([...joined.predictions].slice(15, 24)).toEqual([18, 19, 20, 21, 22, 23, 36, 37, 38]);
});

test("a dataset of whole sentences stays as it is", () => {
  const whole = new Dataset([examples.at(0), examples.at(3)]);
  const two = { predictions: Int32Array.of(1, 2), labelIds: Int32Array.of(1, 2), shape: [2, 1] };
  expect(joinWindows(whole, two)).toBe(two);
  expect(truncatedRows(whole)).toBe(whole);
});

test("words that no window has are skipped; rows that were left out are not counted", () => {
  const skipped = (widths: number[]) => atOnce(countSkippedWords(examples, Int32Array.from(widths)));
  expect(skipped([3, 5, 4, 4])).toBe(1);
  expect(skipped([3, 5, 2, 4])).toBe(2); // a narrower row
  expect(skipped([3, 5, -1, 4])).toBe(0);
});

test("Hugging Face's dataset has the sentence once, cut", () => {
  const rows = truncatedRows(examples);
  expect(Array.from({ length: rows.length }, (_value, i) => rows.at(i))).toEqual([
    examples.at(0),
    cut,
    examples.at(3),
  ]);
});
