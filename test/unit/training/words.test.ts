import type { EncodedExample } from "../../../lib/data/types.ts";
import { insertSkippedWords, wordPredictions } from "../../../lib/training/words.ts";

const tags = ["O", "B-X", "I-X"];

/** [CLS] one piece per entry of `wordIds` [SEP]; the labels of the words are `wordLabels`. */
function example(wordIds: number[], wordLabels: number[]): EncodedExample {
  const length = wordIds.length + 2;
  const labels = wordIds.map((word, i) => (word === wordIds[i - 1] ? -100 : wordLabels[word]!));
  return {
    inputIds: new Int32Array(length),
    tokenTypeIds: new Int32Array(length),
    attentionMask: new Int32Array(length).fill(1),
    labels: Int32Array.from([-100, ...labels, -100]),
    wordIds: Int32Array.from([-1, ...wordIds, -1]),
    wordLabels: Int32Array.from(wordLabels),
  };
}

// Word 1 of the first sentence has no pieces, words 3 and 4 were cut off; the second sentence is whole.
const examples = [example([0, 0, 2], [1, 2, 0, 1, 2]), example([0, 1], [0, 1])];
const found = {
  predictions: Int32Array.of(9, 1, 2, 0, 9, /**/ 9, 0, 1, 9, -100),
  labelIds: Int32Array.of(-100, 1, -100, 0, -100, /**/ -100, 0, 1, -100, -100),
  shape: [2, 5] as const,
};

test("every word has one tag: its first piece's, O where it has none", () => {
  expect(wordPredictions(examples, found, tags)).toEqual([
    ["B-X", "O", "O", "O", "O"],
    ["O", "B-X"],
  ]);
});

test("skipped words enter at their place in word order, predicted outside, with their gold label", () => {
  const whole = insertSkippedWords(examples, found, 0);
  expect(whole.shape).toEqual([2, 8]);
  expect([...whole.predictions]).toEqual([9, 1, 2, 0, 0, 9, 0, 0, /**/ 9, 0, 1, 9, -100, -100, -100, -100]);
  expect([...whole.labelIds].slice(0, 8)).toEqual([-100, 1, -100, 2, 0, -100, 1, 2]);
  expect([...whole.labelIds].slice(8)).toEqual([-100, 0, 1, -100, -100, -100, -100, -100]);
});

test("logits of skipped words say outside and nothing else", () => {
  const logits = Float32Array.from({ length: 2 * 5 * 3 }, (_, i) => (i >= 27 ? -100 : i));
  const whole = insertSkippedWords(examples, { ...found, predictions: logits, shape: [2, 5, 3] }, 0);
  expect(whole.shape).toEqual([2, 8, 3]);
  expect([...whole.predictions].slice(6, 15)).toEqual([6, 7, 8, 0, -Infinity, -Infinity, 9, 10, 11]);
});

test("a word without a gold label stays out", () => {
  const unlabelled = [example([0], [1, -100])];
  const one = { predictions: Int32Array.of(9, 1, 9), labelIds: Int32Array.of(-100, 1, -100), shape: [1, 3] };
  expect(insertSkippedWords(unlabelled, one, 0).shape).toEqual([1, 3]);
});

test("pieces that are not among the predictions make their word a skipped one", () => {
  const narrow = { predictions: Int32Array.of(9, 1, 2), shape: [1, 3] as const };
  expect(wordPredictions(examples, narrow, tags)).toEqual([["B-X", "O", "O", "O", "O"]]);
});
