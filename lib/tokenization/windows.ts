/**
 * Long encodings in windows of the model's size. Pure.
 *
 * The windows are cut from the whole encoding here, instead of letting the tokenizer return what overflows:
 * its overflow can lose text (huggingface/tokenizers#2091), and a cut made here covers every piece by
 * construction.
 */
import { TorchnerError } from "../native/errors.ts";
import type { Encoding } from "./encoding.ts";

/** A row for the model, and the pieces of the encoding that take their prediction from it. */
export interface Window {
  ids: Int32Array;
  typeIds: Int32Array;
  /** Pieces `[from, to)` of the encoding are decided by this window ... */
  from: number;
  to: number;
  /** ... and piece `from` is the row's element `offset`. */
  offset: number;
}

type Pieces = Pick<Encoding, "ids" | "typeIds" | "wordIds" | "specialTokensMask" | "length">;

/**
 * Windows that decide each piece exactly once, where it has most context; every window carries the special
 * tokens that open and close the encoding. No windows where there are only special tokens.
 *
 * @param limit   Most pieces of a window, special tokens included.
 * @param stride  Pieces that neighbouring windows share at least. Default a quarter of what a window holds.
 * @throws {TorchnerError} `EARG` where the limit leaves no room for pieces, or the stride none for progress.
 */
export function windowsOf(encoding: Pieces, limit: number, stride?: number): Window[] {
  const { length } = encoding;
  const { opening, closing } = specialEdges(encoding);
  const size = length - opening - closing;
  if (size === 0) return [];
  const room = limit - opening - closing;
  if (length <= limit) return [cut(encoding, opening, closing, 0, size, 0, size)];

  const overlap = stride ?? Math.trunc(room / 4);
  if (room < 1) {
    throw new TorchnerError(
      "EARG",
      `a maximum length of ${limit} leaves no room beside ${opening + closing} special tokens; raise it.`,
    );
  }
  if (overlap >= room) {
    throw new TorchnerError(
      "EARG",
      `stride ${overlap} must be less than ${room}, the pieces of text that a window holds.`,
    );
  }
  const windows: Window[] = [];
  let decided = 0;
  for (let start = 0; decided < size; ) {
    // The last window is moved back to be full, since more context costs nothing.
    const next = Math.min(start + room - overlap, size - room);
    const isLast = start === size - room;
    const to = isLast ? size : border(encoding, opening, next, start + room);
    windows.push(cut(encoding, opening, closing, start, start + room, decided, to));
    decided = to;
    start = next;
  }
  return windows;
}

/** How many special tokens open and close the encoding. */
function specialEdges({ specialTokensMask, length }: Pieces): { opening: number; closing: number } {
  let opening = 0;
  while (opening < length && specialTokensMask[opening]) opening++;
  let closing = 0;
  while (closing < length - opening && specialTokensMask[length - 1 - closing]) closing++;
  return { opening, closing };
}

/**
 * Where, in the pieces `[from, to]` that two windows share, the second takes over: in their middle, or at
 * the word border next to it so that one window sees the whole word.
 */
function border({ wordIds }: Pieces, opening: number, from: number, to: number): number {
  const middle = Math.ceil((from + to) / 2);
  for (let distance = 0; distance <= to - middle; distance++) {
    for (const at of [middle - distance, middle + distance]) {
      const inside = at > from && at < to;
      if (inside && wordIds[opening + at] !== wordIds[opening + at - 1]) return at;
    }
  }
  return middle;
}

/** All positions count from the first piece that is not special. */
function cut(
  { ids, typeIds, length }: Pieces,
  opening: number,
  closing: number,
  start: number,
  end: number,
  from: number,
  to: number,
): Window {
  const row = (values: Int32Array) => {
    const out = new Int32Array(opening + (end - start) + closing);
    out.set(values.subarray(0, opening), 0);
    out.set(values.subarray(opening + start, opening + end), opening);
    out.set(values.subarray(length - closing, length), opening + end - start);
    return out;
  };
  return {
    ids: row(ids),
    typeIds: row(typeIds),
    from: opening + from,
    to: opening + to,
    offset: opening + from - start,
  };
}
