import { TorchnerError } from "../native/errors.ts";
import type { Notes } from "./notes.ts";
import { asRecord, checkNotEmpty, type RecordOptions, recordReader, recordShape } from "./records.ts";
import type { Example } from "./types.ts";

export interface JsonlOptions extends RecordOptions {
  /** The name that messages and `source` carry. */
  file: string;
}

/**
 * Sentences of a JSON lines file: one object a line, `{"tokens": [...], "ner_tags": [...]}`; other keys are
 * left alone, empty lines skipped. `source.line` is the record's line.
 *
 * @throws {TorchnerError} `EDATA` with file:line for what is not such an object, words and tags that differ in
 *   number, integer tags without names, or a file without a record.
 */
export function readJsonl(text: string, options: JsonlOptions, notes: Notes): Example[] {
  const { file } = options;
  const read = recordReader(options, notes);
  const examples: Example[] = [];
  for (let start = 0, line = 1; start < text.length; line++) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    const row = text.slice(start, end).trim();
    start = end + 1;
    if (row === "") continue;
    const place = `${file}:${line}`;
    examples.push(read(asRecord(parseJson(row, place), place), { file, line }, place));
  }
  checkNotEmpty(examples, file);
  return examples;
}

/** @throws {TorchnerError} `EDATA` for what is not JSON. */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TorchnerError(
      "EDATA",
      `${place}: not valid JSON (${(cause as Error).message}); ${recordShape}.`,
      {
        cause,
      },
    );
  }
}
