import type { SpanFormat } from "../format.ts";
import { parsed } from "../json_values.ts";

type Entries = Record<string, unknown>;

/**
 * The annotation tool that a JSON text comes from, by the keys of the first record that is unmistakable; undefined where
 * none is. One with a text and no span may be any tool's.
 */
export function spanFormatOf(text: string): SpanFormat | undefined {
  for (const record of recordsOf(text)) {
    const format = formatOfRecord(record);
    if (format || !isObject(record) || holdsWords(record) || typeof record.text !== "string") return format;
  }
  return undefined;
}

function formatOfRecord(record: unknown): SpanFormat | undefined {
  if (Array.isArray(record)) {
    const [content, annotations] = record;
    return typeof content === "string" && isObject(annotations) && Array.isArray(annotations.entities)
      ? "spacy"
      : undefined;
  }
  if (!isObject(record) || holdsWords(record)) return undefined;
  if (isObject(record.data) && (Array.isArray(record.annotations) || Array.isArray(record.completions))) {
    return "label-studio";
  }
  if (typeof record.text !== "string") return undefined;
  if (isList(record.label, isObject) || isList(record.labels, isObject)) return "label-studio";
  if ("_input_hash" in record || isList(record.spans, isObject)) return "prodigy";
  if (isList(record.label, Array.isArray) || isList(record.labels, Array.isArray)) return "doccano";
  if (isList(record.entities, (item) => isObject(item) && "start_offset" in item)) return "doccano";
  return isList(record.entities, Array.isArray) ? "spacy" : undefined;
}

/** The elements of the document's array, or (JSON lines) its values, each parsed when it is asked for. */
function* recordsOf(text: string): Generator<unknown> {
  const lines = text.matchAll(/\S[^\n]*/g);
  const [first = ""] = lines.next().value ?? [];
  const document = parsed(first) ?? parsed(text);
  if (!document) return;
  const { value } = document;
  if (Array.isArray(value) && (Array.isArray(value[0]) || isObject(value[0]))) return yield* value;
  yield value;
  for (const [line] of lines) {
    const next = parsed(line);
    if (!next) return;
    yield next.value;
  }
}

/** A record of words and tags, which may have a text beside them. */
function holdsWords({ tokens }: Entries): boolean {
  return Array.isArray(tokens) && typeof tokens[0] === "string";
}

function isObject(value: unknown): value is Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An array with something in it, and that of this kind. */
function isList(value: unknown, kind: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && kind(value[0]);
}
