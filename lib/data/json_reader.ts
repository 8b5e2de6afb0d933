import { TorchnerError } from "../native/errors.ts";
import { jsonValues, linesOfElements } from "./json_values.ts";
import type { JsonlOptions } from "./jsonl_reader.ts";
import type { Notes } from "./notes.ts";
import { asRecord, checkNotEmpty, recordReader } from "./records.ts";
import type { Example } from "./types.ts";

/**
 * Sentences of a JSON document: an array of records, or an object that holds one under `data` (as `datasets` and
 * run_ner take it). A file of one object a line is read as JSON lines. `source.line` is where a record begins.
 *
 * @throws {TorchnerError} `EDATA` with file:line for anything else.
 */
export function readJson(text: string, options: JsonlOptions, notes: Notes): Example[] {
  const { file } = options;
  const read = recordReader(options, notes);
  const examples = recordsOf(text, file).map(({ value, line }) => {
    const place = `${file}:${line}`;
    return read(asRecord(value, place), { file, line }, place);
  });
  checkNotEmpty(examples, file);
  return examples;
}

function recordsOf(text: string, file: string): { value: unknown; line: number }[] {
  const values = jsonValues(text, file);
  const document = values[0]?.value as { data?: unknown } | null;
  if (values.length !== 1 || typeof document !== "object" || document?.data === undefined) return values;
  if (!Array.isArray(document.data)) {
    throw new TorchnerError(
      "EDATA",
      `${file}:1: data is no array; give an array of records, [{"tokens": [...], "ner_tags": [...]}, ...].`,
    );
  }
  const lines = linesOfElements(text, "data");
  return document.data.map((value, i) => ({ value, line: lines[i] ?? 1 }));
}
