/** Rows and sentences: most rows are a whole sentence, several windows over one are put together again here. */
import { Dataset } from "../data/dataset.ts";
import type { EncodedExample } from "../data/types.ts";
import type { EvalPrediction } from "../metrics/types.ts";
import { skippedWords } from "../tokenization/align.ts";
import type { Examples } from "./handles.ts";
import { PADDING } from "./words.ts";

/** A sentence's words, by the columns of its row in what was found. */
export type SentenceWords = Pick<EncodedExample, "wordIds" | "wordLabels">;

/** Whether the row goes on with the sentence of the row before it. */
function continues(examples: Examples, row: number): boolean {
  const { window, wordLabels } = examples.at(row)!;
  return (
    window !== undefined && window.index > 0 && row > 0 && examples.at(row - 1)!.wordLabels === wordLabels
  );
}

/** Indexes of the rows of each sentence, in order. */
function* rowsBySentence(examples: Examples): Generator<number[]> {
  let rows: number[] = [];
  for (let row = 0; row < examples.length; row++) {
    if (rows.length > 0 && !continues(examples, row)) {
      yield rows;
      rows = [];
    }
    rows.push(row);
  }
  if (rows.length > 0) yield rows;
}

/** How many sentences there are, how many of them take several rows, and how many rows those take. */
export function countWindows(examples: Examples): { sentences: number; long: number; windows: number } {
  const counts = { sentences: 0, long: 0, windows: 0 };
  for (const { length } of rowsBySentence(examples)) {
    counts.sentences++;
    if (length === 1) continue;
    counts.long++;
    counts.windows += length;
  }
  return counts;
}

/** Says that windows cover long sentences; undefined where there are none. */
export function windowsNote(examples: Examples): string | undefined {
  const { sentences, long, windows } = countWindows(examples);
  if (long === 0) return undefined;
  return `${long} of ${sentences} sentences are longer than the maximum length: ${windows} windows cover them`;
}

/** Every sentence as one row, cut at the maximum length where it is longer: Hugging Face's dataset. */
export function truncatedRows(examples: Examples): Examples {
  const rows = Array.from({ length: examples.length }, (_, row) => examples.at(row)!);
  if (rows.every(({ window }) => window === undefined)) return examples;
  return new Dataset(
    rows.flatMap((row) => {
      if (row.window === undefined) return [row];
      return row.window.truncated ? [row.window.truncated] : [];
    }),
  );
}

/** Each sentence's words as `joinWindows` lays out what was found of it. */
export function sentencesOf(examples: Examples): SentenceWords[] {
  return Array.from(rowsBySentence(examples), (rows) => {
    const { wordIds, wordLabels } = examples.at(rows[0]!)!;
    if (rows.length === 1) return { wordIds, wordLabels };
    const decided = rows.flatMap((row) => [...examples.at(row)!.wordIds].filter((word) => word >= 0));
    return { wordIds: Int32Array.from(decided), wordLabels };
  });
}

/**
 * What was found of rows, by sentence: the pieces that the windows of a sentence decide, one after the other, without
 * special tokens. Nothing changes where every sentence is one row.
 */
export function joinWindows<F extends EvalPrediction>(examples: Examples, found: F): F {
  const groups = [...rowsBySentence(examples)];
  if (groups.length === examples.length) return found;
  const [, width = 0, depth = 1] = found.shape;
  const columnsOf = (rows: readonly number[]) =>
    rows.flatMap((row) => {
      const columns = Array.from({ length: width }, (_, column) => row * width + column);
      if (rows.length === 1) return columns;
      return columns.filter((_, column) => (examples.at(row)!.wordIds[column] ?? -1) >= 0);
    });
  const cells = groups.map(columnsOf);
  const newWidth = cells.reduce((widest, { length }) => Math.max(widest, length), 0);
  const size = groups.length * newWidth;
  const predictions =
    found.predictions instanceof Float32Array ? new Float32Array(size * depth) : new Int32Array(size * depth);
  predictions.fill(PADDING);
  const labelIds = new Int32Array(size).fill(PADDING);
  for (const [sentence, columns] of cells.entries()) {
    for (const [to, from] of columns.entries()) {
      const target = sentence * newWidth + to;
      labelIds[target] = found.labelIds[from]!;
      predictions.set(found.predictions.subarray(from * depth, (from + 1) * depth), target * depth);
    }
  }
  return { ...found, predictions, labelIds, shape: [groups.length, newWidth, ...found.shape.slice(2)] };
}

const sentencesAtATime = 512;

/**
 * Words that no piece stands for.
 * @param widths  How wide each row was for the model, which a collator may have made narrower; -1 for a row that was
 *   left out.
 * @returns After yields between some hundred sentences.
 */
export function* countSkippedWords(examples: Examples, widths: Int32Array): Generator<void, number> {
  let skipped = 0;
  let sentences = 0;
  for (const rows of rowsBySentence(examples)) {
    if (++sentences % sentencesAtATime === 0) yield;
    if (rows.some((row) => widths[row]! < 0)) continue;
    const { wordLabels } = examples.at(rows[0]!)!;
    const seen = rows.map((row) => examples.at(row)!.wordIds.subarray(0, widths[row]!));
    const wordIds = seen.length === 1 ? seen[0]! : seen.flatMap((ids) => [...ids]);
    skipped += skippedWords({ wordIds, wordLabels }).length;
  }
  return skipped;
}
