/** Exports of annotation tools: texts with spans of characters, as the tools write them. */
import { TorchnerError } from "../../native/errors.ts";
import type { SpanFormat } from "../format.ts";
import { type JsonValue, jsonValues } from "../json_values.ts";
import { type Encoding, readText } from "../read_text.ts";
import type { ReadResult } from "../types.ts";
import { type AnnotatedText, toExamples } from "./annotated_text.ts";
import { readBrat } from "./brat.ts";
import { readDoccano } from "./doccano.ts";
import { readLabelStudio } from "./label_studio.ts";
import { readProdigy } from "./prodigy.ts";
import { readSpacy } from "./spacy.ts";
import { SpanNotes } from "./span_notes.ts";

export interface SpanOptions {
  encoding?: Encoding;
  /** `optional`: a file without any span is fine, e.g. one to be predicted. Default `required`. */
  labels?: "required" | "optional";
}

/** Reads one record of a JSON export; undefined where it is left out, which `notes` then say. */
export type SpanReader = (value: JsonValue, file: string, notes: SpanNotes) => AnnotatedText | undefined;

const readers: Record<Exclude<SpanFormat, "brat">, SpanReader> = {
  doccano: readDoccano,
  prodigy: readProdigy,
  "label-studio": readLabelStudio,
  spacy: readSpacy,
};

/**
 * Sentences of one export: a line of a text each, split into words, with IOB2 tags. `notes` tell every span that does
 * not fall on word borders and everything else that was changed or left out.
 *
 * @throws {TorchnerError} `EDATA` with file:line for another shape, a span outside its text or without a label, or
 *   (where labels are required) a file without a span.
 */
export async function readSpanFile(
  file: string,
  format: SpanFormat,
  options: SpanOptions,
): Promise<ReadResult> {
  const notes = new SpanNotes();
  const texts =
    format === "brat"
      ? await readBrat(file, options, notes)
      : jsonValues(await readText(file, options), file).flatMap(
          (value) => readers[format](value, file, notes) ?? [],
        );
  if (options.labels !== "optional" && texts.every(({ spans }) => spans.length === 0)) {
    throw new TorchnerError(
      "EDATA",
      `${file}:1: no annotated span in ${texts.length} texts of ${format}; export with annotations, or give the right format (--dataset-format).`,
    );
  }
  const examples = texts.flatMap((text) => toExamples(text, notes));
  return { examples, notes: notes.toNotes(file) };
}
