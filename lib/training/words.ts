/**
 * From pieces to words: which words of a sentence got no prediction, and what each word was predicted as.
 * A word gets none if it was cut off, or if the tokenizer makes no piece of it; it then counts as outside.
 */

import type { EvalPrediction } from "../metrics/types.ts";
import { ignoredLabel } from "../tokenization/align.ts";
import type { Examples } from "./handles.ts";
import type { SentenceWords } from "./sentences.ts";

/** What stands where a row has no piece, in predictions and labels alike. */
export const PADDING = ignoredLabel;

/** Row-major `[sentences, width]` ids, or `[sentences, width, labels]` logits. */
type Predictions = Pick<EvalPrediction, "predictions" | "shape">;

/** For each word, its first piece's column in the predictions; -1 where it has none. */
export function firstPieces(example: SentenceWords, row: number, found: Predictions): Int32Array {
  const columns = new Int32Array(example.wordLabels.length).fill(-1);
  const [, width = 0, depth = 1] = found.shape;
  const pieces = Math.min(example.wordIds.length, width);
  for (let column = pieces - 1; column >= 0; column--) {
    const word = example.wordIds[column]!;
    const predicted = found.predictions[(row * width + column) * depth] !== PADDING;
    if (word >= 0 && predicted) columns[word] = column; // backwards, so that the first piece stays
  }
  return columns;
}

/** One tag per word of every sentence: that of its first piece, `O` where it has none. For `predictions.txt`. */
export function wordPredictions(
  sentences: readonly SentenceWords[],
  found: { predictions: Int32Array; shape: readonly number[] },
  labels: readonly string[],
): string[][] {
  const [rows = 0, width = 0] = found.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(firstPieces(sentences[row]!, row, found), (column) =>
      column < 0 ? "O" : labels[found.predictions[row * width + column]!]!,
    ),
  );
}

export function knowsWords(examples: Examples): boolean {
  if (examples.length === 0) return false;
  const { wordIds, wordLabels } = examples.at(0)!;
  return ArrayBuffer.isView(wordIds) && ArrayBuffer.isView(wordLabels);
}

/**
 * The same predictions with each skipped word put in at its place, predicted `outside`, with its gold label: an
 * entity that was cut off is then an entity missed. Skipped words without a label stay out.
 */
export function insertSkippedWords(
  sentences: readonly SentenceWords[],
  found: EvalPrediction,
  outside: number,
): EvalPrediction {
  const [rows = 0, width = 0, ...rest] = found.shape;
  const depth = rest[0] ?? 1;
  const orders = Array.from({ length: rows }, (_, row) => inWordOrder(sentences[row]!, row, found));
  const newWidth = orders.reduce((widest, order) => Math.max(widest, order.length), 0);
  const cells = rows * newWidth;
  const predictions = rest.length > 0 ? new Float32Array(cells * depth) : new Int32Array(cells);
  predictions.fill(PADDING);
  const labelIds = new Int32Array(cells).fill(PADDING);

  for (const [row, order] of orders.entries()) {
    for (const [to, slot] of order.entries()) {
      const target = row * newWidth + to;
      const source = row * width + slot.column;
      if (slot.column >= 0) {
        labelIds[target] = found.labelIds[source]!;
        predictions.set(found.predictions.subarray(source * depth, (source + 1) * depth), target * depth);
        continue;
      }
      labelIds[target] = sentences[row]!.wordLabels[slot.word]!;
      if (rest.length === 0) predictions[target] = outside;
      else
        predictions.fill(Number.NEGATIVE_INFINITY, target * depth, (target + 1) * depth)[
          target * depth + outside
        ] = 0;
    }
  }
  return { predictions, labelIds, shape: [rows, newWidth, ...rest] };
}

/** The row's columns up to its padding, with labelled words that have none (`column` -1) between them. */
function inWordOrder(
  example: SentenceWords,
  row: number,
  found: EvalPrediction,
): { column: number; word: number }[] {
  const columns = firstPieces(example, row, found);
  const skipped = [...columns.keys()].filter(
    (word) => columns[word]! < 0 && example.wordLabels[word] !== PADDING,
  );
  const order: { column: number; word: number }[] = [];
  let next = 0;
  const skippedBefore = (word: number) => {
    while (next < skipped.length && skipped[next]! < word) order.push({ column: -1, word: skipped[next++]! });
  };
  const pieces = Math.min(example.wordIds.length, found.shape[1]!);
  for (let column = 0; column < pieces; column++) {
    const word = example.wordIds[column]!;
    if (word >= 0) skippedBefore(word);
    order.push({ column, word });
  }
  skippedBefore(Number.POSITIVE_INFINITY);
  return order;
}
