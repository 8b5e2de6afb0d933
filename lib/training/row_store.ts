import { PADDING } from "./words.ts";

type Values = Int32Array | Float32Array | Float64Array;

/** Collects batches of different widths, to be laid out in one array of the widest. */
export class RowStore {
  readonly #batches: { rows: number; width: number; values: Values }[] = [];

  /** `values`: row-major `[rows, width]` or `[rows, width, depth]`. */
  add(rows: number, width: number, values: Values): void {
    this.#batches.push({ rows, width, values });
  }

  /**
   * All rows, `[sentences, width]` (`[sentences, width, depth]` for float32), right-padded with -100.
   * @param order  Which place each row takes, in the order they were added. Of places beyond the rows only those
   *   before the last one taken are there, all -100.
   */
  padded(
    dtype: "int32" | "float32",
    order: Int32Array,
  ): { predictions: Int32Array | Float32Array; shape: number[] } {
    const added = this.#batches.reduce((sum, batch) => sum + batch.rows, 0);
    const rows = order.subarray(0, added).reduce((most, place) => Math.max(most, place + 1), 0);
    const width = this.#batches.reduce((widest, batch) => Math.max(widest, batch.width), 0);
    const first = this.#batches.find((batch) => batch.rows * batch.width > 0);
    const depth = first ? first.values.length / (first.rows * first.width) : 1;
    const cells = rows * width * depth;
    const predictions = dtype === "int32" ? new Int32Array(cells) : new Float32Array(cells);
    predictions.fill(PADDING);

    let row = 0;
    for (const batch of this.#batches) {
      const length = batch.width * depth;
      for (let i = 0; i < batch.rows; i++, row++) {
        predictions.set(batch.values.subarray(i * length, (i + 1) * length), order[row]! * width * depth);
      }
    }
    return { predictions, shape: dtype === "int32" ? [rows, width] : [rows, width, depth] };
  }
}
