/** One tag per word, for sentences that come as words. */

import { windowsOf } from "../tokenization/windows.ts";
import {
  type Classifier,
  checkBatchSize,
  defaultBatchSize,
  forwardRows,
  maxRowLength,
  type WordSplitter,
} from "./forward_rows.ts";
import { argmaxRow } from "./logits.ts";
import { type Decoder, decoderOf } from "./viterbi.ts";

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
  /** Only tags that may follow one another by the labels' scheme; see `decoderOf`. Default false. */
  validTags?: boolean;
}

const OUTSIDE = "O";

/**
 * The label of each word's first piece, in sentences of any length; with `validTags`, the likeliest labels of a
 * sentence's words that may follow one another.
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
  const { batchSize = defaultBatchSize, maxLength = maxRowLength(model, tokenizer), validTags } = options;
  checkBatchSize(batchSize);
  if (sentences.length === 0) return [];
  const { labels } = model;
  const encodings = await tokenizer.encodeWords(sentences);
  const windows = encodings.flatMap((encoding) =>
    windowsOf(encoding, maxLength).map((window) => ({ ...window, encoding })),
  );
  const words = sentences.map(({ length }) => new WordLogits(length, labels));
  await forwardRows(model, tokenizer, windows, batchSize, (row, logits) => {
    const { from, to, offset, encoding } = windows[row]!;
    for (let piece = from; piece < to; piece++) {
      const word = encoding.wordIds[piece]!;
      if (word !== encoding.wordIds[piece - 1])
        words[encoding.source]!.set(word, logits, offset + piece - from);
    }
  });
  const decoder = validTags ? decoderOf(labels) : undefined;
  return words.map((one) => one.tagged(decoder));
}

/** The logits of the first piece of each word of a sentence. A word without a piece is outside for certain. */
class WordLogits {
  readonly #logits: Float32Array;
  readonly #seen: Uint8Array;
  readonly #labels: readonly string[];

  constructor(words: number, labels: readonly string[]) {
    this.#labels = labels;
    this.#seen = new Uint8Array(words);
    this.#logits = new Float32Array(words * labels.length);
  }

  set(word: number, logits: Float32Array, row: number): void {
    const { length } = this.#labels;
    argmaxRow(logits, row, length); // refuses NaN, which no decision follows from
    this.#logits.set(logits.subarray(row * length, (row + 1) * length), word * length);
    this.#seen[word] = 1;
  }

  tagged(decoder: Decoder | undefined): TaggedWords {
    const { length } = this.#labels;
    const words = this.#seen.length;
    const outside = this.#labels.indexOf(OUTSIDE);
    if (outside >= 0) {
      for (let word = 0; word < words; word++) if (!this.#seen[word]) this.#setCertain(word, outside);
    }
    const ids = decoder?.decode(this.#logits, words);
    const tags = Array.from(this.#seen, (seen, word) =>
      seen ? this.#labels[ids?.[word] ?? argmaxRow(this.#logits, word, length)]! : OUTSIDE,
    );
    return { tags, skipped: this.#seen.filter((seen) => !seen).length };
  }

  #setCertain(word: number, label: number): void {
    const { length } = this.#labels;
    this.#logits.fill(Number.NEGATIVE_INFINITY, word * length, (word + 1) * length);
    this.#logits[word * length + label] = 0;
  }
}
