import type { NativeEncodings } from "../native/types.ts";

/** One sequence as the model takes it. All arrays have `length` entries, `offsets` twice as many. */
export interface Encoding {
  ids: Int32Array;
  typeIds: Int32Array;
  /** Index of each piece's word in its input; -1 for special tokens. */
  wordIds: Int32Array;
  /** Start and end of each piece in UTF-16 code units: in its word for `encodeWords`, in the text for `encodeTexts`. */
  offsets: Int32Array;
  /** 1 for the tokens that the tokenizer adds, such as [CLS]. */
  specialTokensMask: Uint8Array;
  length: number;
  /** Index of the input this comes from; with a stride, several sequences may come from one. */
  source: number;
  /** Pieces of the input that were cut off and are in no sequence; 0 = whole. */
  truncated: number;
}

/** The sequences of a batch, each with arrays of its own: keeping one does not keep the batch in memory. */
export function splitEncodings(batch: NativeEncodings): Encoding[] {
  let end = 0;
  return Array.from(batch.lengths, (length, i) => {
    const start = end;
    end += length;
    return {
      ids: batch.ids.slice(start, end),
      typeIds: Int32Array.from(batch.typeIds.subarray(start, end)),
      wordIds: batch.wordIds.slice(start, end),
      offsets: batch.offsets.slice(2 * start, 2 * end),
      specialTokensMask: batch.specialTokensMask.slice(start, end),
      length,
      source: batch.sources[i]!,
      truncated: batch.truncated[i]!,
    };
  });
}
