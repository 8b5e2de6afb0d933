import { asRecord } from "../records.ts";
import { checkedSpan, codePointOffsets } from "./annotated_text.ts";
import { listField, objectSpans, textField } from "./fields.ts";
import type { SpanReader } from "./read_spans.ts";
import type { Word } from "./split_words.ts";

/**
 * Prodigy's JSONL: `{"text", "tokens"?, "spans": [{"start", "end", "label"}], "answer"}`. Its own tokens are the words
 * where it has them; examples that were rejected or ignored are left out.
 */
export const readProdigy: SpanReader = ({ value, line, place }, file, notes) => {
  const record = asRecord(value, place);
  const { answer } = record;
  if (answer === "reject" || answer === "ignore") {
    notes.add("rejected", `${place} ${answer}`);
    return undefined;
  }
  const text = textField(record, "text", place);
  const spans = objectSpans(listField(record, "spans", place), { start: "start", end: "end" }, text, place);
  return { text, spans, file, line, ...("tokens" in record && { words: wordsOf(record, text, place) }) };
};

/** Tokens of white space are no words. */
function wordsOf(record: Record<string, unknown>, text: string, place: string): Word[] {
  const toUtf16 = codePointOffsets(text);
  return listField(record, "tokens", place)
    .map((item) => {
      const { start, end } = asRecord(item, place);
      return checkedSpan({ start, end, label: "token" }, toUtf16, place);
    })
    .filter(({ start, end }) => text.slice(start, end).trim() !== "")
    .map(({ start, end }) => ({ start, end }));
}
