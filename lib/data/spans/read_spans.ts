/** Exports of annotation tools: texts with spans of characters, as the tools write them. */
import { TorchnerError } from "../../native/errors.ts";
import type { SpanFormat } from "../format.ts";
import { type JsonValue, jsonValues } from "../json_values.ts";
import type { Notes } from "../notes.ts";
import type { Encoding } from "../read_text.ts";
import type { Example } from "../types.ts";
import { type AnnotatedText, toExamples } from "./annotated_text.ts";
import { readBrat } from "./brat.ts";
import { readDoccano } from "./doccano.ts";
import { readLabelStudio } from "./label_studio.ts";
import { readProdigy } from "./prodigy.ts";
import { readSpacy } from "./spacy.ts";

/** `optional`: a file without any span has no tags, e.g. one to be predicted. Default `required`. */
type Labels = "required" | "optional";

/** Reads one record of a JSON export; undefined where it is left out, which `notes` then say. */
export type SpanReader = (value: JsonValue, file: string, notes: Notes) => AnnotatedText | undefined;

const readers: Record<Exclude<SpanFormat, "brat">, SpanReader> = {
  doccano: readDoccano,
  prodigy: readProdigy,
  "label-studio": readLabelStudio,
  spacy: readSpacy,
};

/**
 * Sentences of a JSON export: a line of a text each, split into words, with IOB2 tags. `notes` tell every span that
 * does not fall on word borders and everything else that was changed or left out.
 *
 * @throws {TorchnerError} `EDATA` with file:line for another shape, a span outside its text or without a label, or
 *   (where labels are required) a file without a span.
 */
export function readSpans(
  text: string,
  { file, format, labels }: { file: string; format: keyof typeof readers; labels?: Labels },
  notes: Notes,
): Example[] {
  const texts = jsonValues(text, file).flatMap((value) => readers[format](value, file, notes) ?? []);
  return examplesOf(texts, { file, format, labels }, notes);
}

/**
 * The same from brat's standoff files.
 * @param path  A folder of `.txt` and `.ann` files, or either file of one pair.
 */
export async function readBratFiles(
  path: string,
  { encoding, labels }: { encoding?: Encoding; labels?: Labels },
  notes: Notes,
): Promise<Example[]> {
  return examplesOf(await readBrat(path, encoding, notes), { file: path, format: "brat", labels }, notes);
}

function examplesOf(
  texts: readonly AnnotatedText[],
  { file, format, labels }: { file: string; format: SpanFormat; labels?: Labels },
  notes: Notes,
): Example[] {
  const examples = texts.flatMap((text) => toExamples(text, notes));
  if (texts.some(({ spans }) => spans.length > 0)) return examples;
  if (labels === "optional") return examples.map(({ nerTags: _, ...example }) => example);
  throw new TorchnerError(
    "EDATA",
    `${file}:1: no annotated span in ${texts.length} texts of ${format}; export with annotations, or give the right ` +
      "format (--dataset-format).",
  );
}
