import { kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { isSavedDataset, readArrow, readSavedDataset } from "./arrow_reader.ts";
import { readColumns } from "./column_reader.ts";
import { readTable } from "./csv_reader.ts";
import { formatOfName, formatOfText } from "./format.ts";
import { readJson } from "./json_reader.ts";
import { readJsonl } from "./jsonl_reader.ts";
import { Notes } from "./notes.ts";
import { readParquet } from "./parquet_reader.ts";
import { type Encoding, readText } from "./read_text.ts";
import { isBratFolder } from "./spans/brat.ts";
import { readBratFiles, readSpans } from "./spans/read_spans.ts";
import type { TableExamples } from "./table_records.ts";
import type { Example, ReadResult } from "./types.ts";

export interface ReadOptions {
  /** One of `datasetFormats`; default by extension, then by content. */
  format?: string;
  /**
   * Column files: 0-based index, as a number or digits (default 0, or 1 where column 0 numbers the words; -1 is the
   * last). Others: key or column (default `tokens`, or a table's usual names).
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
  const notes = new Notes();
  const found = (await readStored(file, options, notes)) ?? {
    examples: await readTexts(file, options, notes),
  };
  return { ...found, notes: notes.toNotes(file) };
}

/** Tables with a schema; undefined for a file of another kind. */
async function readStored(
  file: string,
  options: ReadOptions,
  notes: Notes,
): Promise<TableExamples | undefined> {
  const format = formatOfName(file, options.format);
  if (isSavedDataset(file)) return readSavedDataset(file, withKeys(options), notes);
  if (format === "parquet") return readParquet(file, withKeys(options), notes);
  return format === "arrow" ? readArrow(file, withKeys(options), notes) : undefined;
}

async function readTexts(file: string, options: ReadOptions, notes: Notes): Promise<Example[]> {
  const asked = formatOfName(file, options.format);
  if (asked === "brat" || (asked === undefined && isBratFolder(file)))
    return readBratFiles(file, options, notes);
  const text = await readText(file, options);
  const format = asked ?? formatOfText(file, text);
  switch (format) {
    case "jsonl":
      return readJsonl(text, { ...withKeys(options), file }, notes);
    case "json":
      return readJson(text, { ...withKeys(options), file }, notes);
    case "csv":
    case "tsv":
      return readTable(text, { ...withKeys(options), file }, notes);
    case "doccano":
    case "prodigy":
    case "label-studio":
    case "spacy":
      return readSpans(text, { ...options, file, format }, notes);
    default:
      return readColumns(text, { ...withIndexes(options, file), file }, notes);
  }
}

/** For files whose columns have names. */
function withKeys(options: ReadOptions) {
  return {
    ...options,
    textColumn: keyOf("textColumn (--text-column-name)", options.textColumn),
    labelColumn: keyOf("labelColumn (--label-column-name)", options.labelColumn),
  };
}

/** For files whose columns have none. */
function withIndexes(options: ReadOptions, file: string) {
  return {
    ...options,
    textColumn: indexOf("textColumn (--text-column-name)", options.textColumn, file),
    labelColumn: indexOf("labelColumn (--label-column-name)", options.labelColumn, file),
  };
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
    `${name} is ${kindOf(value)}; ${file} is a column file, whose columns have indexes: give one from 0, or -1 for the last.`,
  );
}
