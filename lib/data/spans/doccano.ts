import { asRecord } from "../records.ts";
import { listField, objectSpans, textField, tripleSpans } from "./fields.ts";
import type { SpanReader } from "./read_spans.ts";

/**
 * doccano's JSONL: `{"text", "label": [[start, end, label]]}` (`labels`, `entities` in other versions), and that of
 * projects with relations, `{"text", "entities": [{"start_offset", "end_offset", "label"}]}`.
 */
export const readDoccano: SpanReader = ({ value, line, place }, file) => {
  const record = asRecord(value, place);
  const text = textField(record, typeof record.text === "string" ? "text" : "data", place);
  const key = ["label", "labels", "entities"].find((name) => name in record) ?? "label";
  const items = listField(record, key, place);
  const spans = Array.isArray(items[0])
    ? tripleSpans(items, text, place)
    : objectSpans(items, { start: "start_offset", end: "end_offset" }, text, place);
  return { text, spans, file, line };
};
