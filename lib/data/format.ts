import { extname } from "node:path";
import { checkChoice } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { isHeader } from "./columns.ts";
import { spanFormatOf } from "./spans/span_format.ts";

/** File formats that are written too. */
export const writtenFormats = ["conll", "jsonl", "json", "csv", "tsv", "parquet"] as const;
export type WrittenFormat = (typeof writtenFormats)[number];

/** Exports of annotation tools: texts with spans of characters. */
export const spanFormats = ["doccano", "prodigy", "label-studio", "brat", "spacy"] as const;
export type SpanFormat = (typeof spanFormats)[number];

/**
 * File formats that are read. `conll` = columns, one word a line; `jsonl` = one JSON object a line; `csv` and `tsv` =
 * tables with a header row; `arrow` = a file or a folder of `save_to_disk`; the others are exports of annotation tools.
 */
export const datasetFormats = [...writtenFormats, "arrow", ...spanFormats] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

const byExtension: Readonly<Record<string, DatasetFormat>> = {
  ".parquet": "parquet",
  ".arrow": "arrow",
  ".csv": "csv",
  ".ann": "brat",
  ".conll": "conll",
};

/** Formats that a user may well have and that are not read; better said at once than after a parse error. */
const unread = new Set([".xlsx", ".xls", ".gz", ".zip", ".zst", ".bz2", ".7z"]);

/**
 * The format of a file as far as its name tells: the one asked for, else by extension; undefined where the content
 * has to be looked at.
 *
 * @throws {TorchnerError} `EARG` for a format that does not exist, `EDATA` for a file of another kind.
 */
export function formatOfName(file: string, asked?: string): DatasetFormat | undefined {
  if (asked !== undefined) return checkChoice("format", asked, datasetFormats);
  const extension = extname(file).toLowerCase();
  if (!unread.has(extension)) return byExtension[extension];
  throw new TorchnerError(
    "EDATA",
    `${file}:1: ${extension} files are not read; unpack it, or export it as CSV, JSON lines or columns.`,
  );
}

/** The format of a text file whose name does not tell it. */
export function formatOfText(file: string, text: string): DatasetFormat {
  const extension = extname(file).toLowerCase();
  const first = firstLine(text);
  if (extension === ".json" || extension === ".jsonl" || extension === ".ndjson" || isJson(first)) {
    const span = spanFormatOf(text);
    if (span) return span;
    return extension === ".json" || first.startsWith("[") ? "json" : "jsonl";
  }
  return first.includes("\t") && isHeader(first.split("\t")) ? "tsv" : "conll";
}

function firstLine(text: string): string {
  const start = text.search(/\S/);
  if (start < 0) return "";
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end).trimEnd();
}

/** A column file may well begin with the word "{", so a brace alone decides nothing. */
function isJson(line: string): boolean {
  if (!line.startsWith("{")) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
