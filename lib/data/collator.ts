import { checkOptions, checkPositive, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { ignoredLabel } from "../tokenization/align.ts";
import type { Batch, EncodedExample } from "./types.ts";

/** What a collator needs of a tokenizer. */
export interface Padding {
  padTokenId: number | undefined;
  padTokenTypeId: number;
}

export interface CollatorOptions {
  /** Round the width up to a multiple of this. */
  padToMultipleOf?: number;
  /** Pad every batch to this width instead of to its longest example. */
  maxLength?: number;
}

/**
 * Lays examples into one batch, padded on the right to the longest of them: ids with the tokenizer's padding
 * token, attention 0, labels -100 (transformers' collator of this name).
 */
export class DataCollatorForTokenClassification {
  readonly #padding: Padding;
  readonly #multiple: number;
  readonly #fixedWidth: number;

  constructor(tokenizer: Padding, options: CollatorOptions = {}) {
    if (typeof tokenizer !== "object" || tokenizer === null || !("padTokenId" in tokenizer)) {
      throw new TorchnerError("EARG", `the collator takes a tokenizer, not ${kindOf(tokenizer)}.`);
    }
    checkOptions("DataCollatorForTokenClassification", options, ["padToMultipleOf", "maxLength"]);
    for (const name of ["padToMultipleOf", "maxLength"] as const) {
      if (options[name] !== undefined) checkPositive(name, options[name]);
    }
    this.#padding = tokenizer;
    this.#multiple = options.padToMultipleOf ?? 1;
    this.#fixedWidth = options.maxLength ?? 0;
  }

  /**
   * @returns Int32 arrays, row-major `[examples, width]`.
   * @throws {TorchnerError} `EARG` for no example, arrays of unequal length, an example over `maxLength`, or
   *   padding without a padding token.
   */
  collate(examples: readonly EncodedExample[]): Batch {
    if (!Array.isArray(examples) || examples.length === 0) {
      throw new TorchnerError("EARG", `a batch needs at least one encoded example, not ${kindOf(examples)}.`);
    }
    for (const [i, example] of examples.entries()) checkExample(example, i);
    const width = this.#width(examples);
    const size = examples.length * width;
    const inputIds = new Int32Array(size);
    const attentionMask = new Int32Array(size);
    const tokenTypeIds = new Int32Array(size).fill(this.#padding.padTokenTypeId);
    const labels = new Int32Array(size).fill(ignoredLabel);
    if (examples.some(({ inputIds: ids }) => ids.length < width)) inputIds.fill(this.#padTokenId());
    for (const [row, example] of examples.entries()) {
      inputIds.set(example.inputIds, row * width);
      attentionMask.set(example.attentionMask, row * width);
      tokenTypeIds.set(example.tokenTypeIds, row * width);
      labels.set(example.labels, row * width);
    }
    return { shape: [examples.length, width], inputIds, attentionMask, tokenTypeIds, labels };
  }

  #width(examples: readonly EncodedExample[]): number {
    const longest = Math.max(...examples.map(({ inputIds }) => inputIds.length));
    if (this.#fixedWidth > 0 && longest > this.#fixedWidth) {
      throw new TorchnerError(
        "EARG",
        `an example has ${longest} pieces, over the collator's maxLength ${this.#fixedWidth}; ` +
          "give tokenizeAndAlignLabels the same maxLength.",
      );
    }
    return Math.ceil(Math.max(longest, this.#fixedWidth) / this.#multiple) * this.#multiple;
  }

  #padTokenId(): number {
    const { padTokenId } = this.#padding;
    if (padTokenId !== undefined) return padTokenId;
    throw new TorchnerError(
      "EARG",
      "the tokenizer has no padding token; name one as pad_token in its tokenizer_config.json.",
    );
  }
}

function checkExample(example: EncodedExample, index: number): void {
  const length = example?.inputIds?.length;
  for (const field of ["inputIds", "attentionMask", "tokenTypeIds", "labels"] as const) {
    const array = example?.[field];
    if (ArrayBuffer.isView(array) && array.length === length) continue;
    throw new TorchnerError(
      "EARG",
      `encoded example ${index}: ${field} is not an Int32Array of ${length ?? "inputIds'"} elements; ` +
        "make examples with tokenizeAndAlignLabels.",
    );
  }
}
