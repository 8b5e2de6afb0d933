import { statSync } from "node:fs";
import { kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { isSavedDataset, readArrow, readSavedDataset } from "./arrow_reader.ts";
import { readColumns } from "./column_reader.ts";
import { readTable } from "./csv_reader.ts";
import { type DatasetFormat, formatOfName, formatOfText, isSpanFormat } from "./format.ts";
import { readJson } from "./json_reader.ts";
import { readJsonl } from "./jsonl_reader.ts";
import { readParquet } from "./parquet_reader.ts";
import { type Encoding, readText } from "./read_text.ts";
import { readSpanFile } from "./spans/read_spans.ts";
import type { Example, ReadResult } from "./types.ts";

export interface ReadOptions {
  /** One of `datasetFormats`; default by extension, then by content. */
  format?: string;
  /**
   * Column files: 0-based index, as a number or digits (default 0; -1 is the last). Others: key or column (default
   * `tokens`, or a table's usual names).
   */
  textColumn?: string | number;
  /** Column files: 0-based index (default the last). Others: key or column (default `ner_tags`, as above). */
  labelColumn?: string | number;
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
  /** Of text files; default `utf-8`. */
  encoding?: Encoding;
  /** `optional` also takes a file without any tags; default `required`. */
  labels?: "required" | "optional";
}

/**
 * Every sentence of one data file (or of a folder of `save_to_disk` or brat), in order, each with its `source`, and
 * notes of what was changed or left out.
 *
 * @throws {TorchnerError} `EIO` where it cannot be read; `EDATA` with file:line and the remedy for its content;
 *   `EARG` for an option.
 */
export async function readExamples(file: string, options: ReadOptions = {}): Promise<ReadResult> {
  if (typeof file !== "string" || file === "") {
    throw new TorchnerError("EARG", `the data file is ${kindOf(file)}; give its path.`);
  }
  const format = formatOfName(file, options.format);
  const keys = () => ({
    ...options,
    textColumn: keyOf("textColumn (--text-column-name)", options.textColumn),
    labelColumn: keyOf("labelColumn (--label-column-name)", options.labelColumn),
  });
  if (isFolder(file) && isSavedDataset(file)) return plain(await readSavedDataset(file, keys()));
  if (format === "parquet") return plain(await readParquet(file, keys()));
  if (format === "arrow") return plain(await readArrow(file, keys()));
  if (format !== undefined && isSpanFormat(format)) return readSpanFile(file, format, options);
  const text = await readText(file, options);
  return readTextFile(file, text, format ?? formatOfText(file, text), options, keys);
}

/** @param keys  Made only where columns have names: a column file's have numbers. */
function readTextFile(
  file: string,
  text: string,
  format: DatasetFormat,
  options: ReadOptions,
  keys: () => ReadOptions & { textColumn?: string; labelColumn?: string },
): ReadResult | Promise<ReadResult> {
  if (isSpanFormat(format)) return readSpanFile(file, format, options);
  if (format === "jsonl") return plain(readJsonl(text, { ...keys(), file }));
  if (format === "json") return plain(readJson(text, { ...keys(), file }));
  if (format === "csv" || format === "tsv") return plain(readTable(text, { ...keys(), file }));
  const textColumn = indexOf("textColumn (--text-column-name)", options.textColumn, file);
  const labelColumn = indexOf("labelColumn (--label-column-name)", options.labelColumn, file);
  const { labelNames, labels } = options;
  return plain(readColumns(text, { file, textColumn, labelColumn, labelNames, labels }));
}

const plain = (examples: Example[]): ReadResult => ({ examples, notes: [] });

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function keyOf(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  // A number is a key too: the command line cannot tell 3 from "3".
  if (Number.isInteger(value)) return String(value);
  throw new TorchnerError("EARG", `${name} is ${kindOf(value)}; give a key of the records, e.g. tokens.`);
}

function indexOf(name: string, value: unknown, file: string): number | undefined {
  if (value === undefined) return undefined;
  const index = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(index) && (index as number) >= -1) return index as number;
  throw new TorchnerError(
    "EARG",
    `${name} is ${kindOf(value)}; ${file} is a column file, whose columns have indexes: give one from 0.`,
  );
}
