import { asRecord } from "../records.ts";
import { listField, textField, tripleSpans } from "./fields.ts";
import type { SpanReader } from "./read_spans.ts";

/** spaCy's `{"text", "entities": [[start, end, label]]}`, and its training tuples `["text", {"entities": [...]}]`. */
export const readSpacy: SpanReader = ({ value, line, place }, file) => {
  const tuple = Array.isArray(value) ? value : undefined;
  const record = tuple ? { ...asRecord(tuple[1], place), text: tuple[0] } : asRecord(value, place);
  const text = textField(record, "text", place);
  return { text, spans: tripleSpans(listField(record, "entities", place), text, place), file, line };
};
