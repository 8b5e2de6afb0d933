/** One tag per word, for sentences that come as words. */

import {
  type Classifier,
  checkBatchSize,
  defaultBatchSize,
  forwardRows,
  maxRowLength,
  type WordSplitter,
} from "./forward_rows.ts";
import { argmaxRow } from "./logits.ts";
import { windowsOf } from "./windows.ts";

export interface TaggedWords {
  /** As many as the sentence has words. */
  tags: string[];
  /** Words that the model did not see, tagged `O`: those with no pieces. */
  skipped: number;
}

export interface TagWordsOptions {
  /** Windows per forward pass. Default 8. */
  batchSize?: number;
  /** Most pieces of a window, special tokens included; longer sentences become several. Default what model and tokenizer take. */
  maxLength?: number;
}

const OUTSIDE = "O";

/**
 * The label of each word's first piece, in sentences of any length.
 *
 * @returns One entry per sentence, in order.
 * @throws {TorchnerError} `ENONFINITE` where the model gives NaN; `EARG` for a bad option.
 */
export async function tagWords(
  model: Classifier,
  tokenizer: WordSplitter,
  sentences: readonly (readonly string[])[],
  options: TagWordsOptions = {},
): Promise<TaggedWords[]> {
  const { batchSize = defaultBatchSize, maxLength = maxRowLength(model, tokenizer) } = options;
  checkBatchSize(batchSize);
  const results = sentences.map((words) => ({
    tags: Array<string>(words.length).fill(OUTSIDE),
    skipped: words.length,
  }));
  if (sentences.length === 0) return results;
  const encodings = await tokenizer.encodeWords(sentences);
  const windows = encodings.flatMap((encoding) =>
    windowsOf(encoding, maxLength).map((window) => ({ ...window, encoding })),
  );
  await forwardRows(model, tokenizer, windows, batchSize, (row, logits) => {
    const { from, to, offset, encoding } = windows[row]!;
    const result = results[encoding.source]!;
    for (let piece = from; piece < to; piece++) {
      const word = encoding.wordIds[piece]!;
      if (word === encoding.wordIds[piece - 1]) continue;
      const best = argmaxRow(logits, offset + piece - from, model.labels.length);
      result.tags[word] = model.labels[best]!;
      result.skipped--;
    }
  });
  return results;
}
