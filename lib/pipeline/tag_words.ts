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

export interface TaggedWords {
  /** As many as the sentence has words. */
  tags: string[];
  /** Words that the model did not see, tagged `O`: those with no pieces, and those past the maximum length. */
  skipped: number;
}

export interface TagWordsOptions {
  /** Sentences per forward pass. Default 8. */
  batchSize?: number;
  /** Pieces a sentence is cut to, special tokens included. Default what model and tokenizer take. */
  maxLength?: number;
}

const OUTSIDE = "O";

/**
 * The label of each word's first piece.
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
  const encodings = await tokenizer.encodeWords(sentences, Number.isFinite(maxLength) ? { maxLength } : {});
  const rows = encodings.filter(({ wordIds }) => wordIds.some((word) => word >= 0));
  await forwardRows(model, tokenizer, rows, batchSize, (row, logits) => {
    const { wordIds, source } = rows[row]!;
    const result = results[source]!;
    wordIds.forEach((word, piece) => {
      if (word < 0 || word === wordIds[piece - 1]) return;
      result.tags[word] = model.labels[argmaxRow(logits, piece, model.labels.length)]!;
      result.skipped--;
    });
  });
  return results;
}
