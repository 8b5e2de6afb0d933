import { extname } from "node:path";
import { checkChoice } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";

/** File formats that are read: `conll` = columns, one word a line; `jsonl` = one JSON object a line. */
export const datasetFormats = ["conll", "jsonl"] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

/** Formats that a user may well have and that are not read; better said at once than after a parse error. */
const unread = new Set([".csv", ".parquet", ".arrow", ".xlsx", ".gz", ".zip", ".zst"]);

/**
 * The format of a file: the one asked for, else by extension, else by content (a first line that is a JSON
 * object means JSON lines).
 *
 * @throws {TorchnerError} `EARG` for a format that does not exist, `EDATA` for a file of another kind.
 */
export function formatOf(file: string, text: string, asked?: string): DatasetFormat {
  if (asked !== undefined) return checkChoice("format", asked, datasetFormats);
  const extension = extname(file).toLowerCase();
  if (extension === ".jsonl" || extension === ".ndjson") return "jsonl";
  if (extension === ".conll" || extension === ".tsv") return "conll";
  if (extension === ".json") return jsonLines(file, text);
  return isJsonObject(firstLine(text)) ? "jsonl" : "conll";
}

/** Refuses what cannot be a column or JSON lines file by its name, before it is read as text. */
export function refuseUnreadFormat(file: string, asked?: string): void {
  const extension = extname(file).toLowerCase();
  if (asked !== undefined || !unread.has(extension)) return;
  throw new TorchnerError(
    "EDATA",
    `${file}:1: ${extension} files are not read; convert it to columns or JSON lines, or give format ` +
      "(--dataset-format) conll or jsonl if it is one of them.",
  );
}

/** run_ner users name JSON lines `.json`; a document over several lines is something else. */
function jsonLines(file: string, text: string): DatasetFormat {
  if (isJsonObject(firstLine(text))) return "jsonl";
  throw new TorchnerError(
    "EDATA",
    `${file}:1: not JSON lines; write one object a line, e.g. with jq -c '.[]' for an array of records.`,
  );
}

function firstLine(text: string): string {
  const start = text.search(/\S/);
  if (start < 0) return "";
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end);
}

function isJsonObject(line: string): boolean {
  // A column file may well begin with the word "{", so the brace alone decides nothing.
  if (!line.startsWith("{")) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
