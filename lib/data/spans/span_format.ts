import type { SpanFormat } from "../format.ts";

type Entries = Record<string, unknown>;

/**
 * The annotation tool that a JSON text comes from, by the keys of its first record; undefined where it is not
 * unmistakable.
 */
export function spanFormatOf(text: string): SpanFormat | undefined {
  const record = firstRecord(text);
  if (Array.isArray(record)) {
    const [content, annotations] = record;
    return typeof content === "string" && isObject(annotations) && Array.isArray(annotations.entities)
      ? "spacy"
      : undefined;
  }
  if (!isObject(record) || (Array.isArray(record.tokens) && typeof record.tokens[0] === "string"))
    return undefined;
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

function firstRecord(text: string): unknown {
  const start = text.trimStart();
  const line = start.slice(0, start.indexOf("\n") < 0 ? start.length : start.indexOf("\n"));
  for (const part of [line, start]) {
    try {
      const value = JSON.parse(part) as unknown;
      return Array.isArray(value) && (Array.isArray(value[0]) || isObject(value[0])) ? value[0] : value;
    } catch {
      // an array over several lines is no JSON by its first line
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An array with something in it, and that of this kind. */
function isList(value: unknown, kind: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && kind(value[0]);
}
