import { kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { readColumns } from "./column_reader.ts";
import { formatOf, refuseUnreadFormat } from "./format.ts";
import { readJsonl } from "./jsonl_reader.ts";
import { readText } from "./read_text.ts";
import type { Example } from "./types.ts";

export interface ReadOptions {
  /** `conll` or `jsonl`; default by extension, then by content. */
  format?: string;
  /** Column files: 0-based index, as a number or digits (default 0). JSON lines: key (default `tokens`). */
  textColumn?: string | number;
  /** Column files: 0-based index (default the last). JSON lines: key (default `ner_tags`). */
  labelColumn?: string | number;
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
  /** `optional` also takes a file without any tags; default `required`. */
  labels?: "required" | "optional";
}

/**
 * Every sentence of one data file, in order, each with its `source`.
 *
 * @throws {TorchnerError} `EIO` where it cannot be read; `EDATA` with file:line and the remedy for its content;
 *   `EARG` for an option.
 */
export async function readExamples(file: string, options: ReadOptions = {}): Promise<Example[]> {
  if (typeof file !== "string" || file === "") {
    throw new TorchnerError("EARG", `the data file is ${kindOf(file)}; give its path.`);
  }
  refuseUnreadFormat(file, options.format);
  const text = await readText(file);
  const { labelNames, labels } = options;
  if (formatOf(file, text, options.format) === "jsonl") {
    const textColumn = keyOf("textColumn (--text-column-name)", options.textColumn);
    const labelColumn = keyOf("labelColumn (--label-column-name)", options.labelColumn);
    return readJsonl(text, { file, textColumn, labelColumn, labelNames, labels });
  }
  const textColumn = indexOf("textColumn (--text-column-name)", options.textColumn, file);
  const labelColumn = indexOf("labelColumn (--label-column-name)", options.labelColumn, file);
  return readColumns(text, { file, textColumn, labelColumn, labelNames, labels });
}

function keyOf(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  // A number is a key too: the command line cannot tell 3 from "3".
  if (Number.isInteger(value)) return String(value);
  throw new TorchnerError("EARG", `${name} is ${kindOf(value)}; give a key of the records, e.g. tokens.`);
}

function indexOf(name: string, value: unknown, file: string): number | undefined {
  if (value === undefined) return undefined;
  const index = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(index) && (index as number) >= 0) return index as number;
  throw new TorchnerError(
    "EARG",
    `${name} is ${kindOf(value)}; ${file} is a column file, whose columns have indexes: give one from 0.`,
  );
}
