import { TorchnerError } from "../../native/errors.ts";
import type { Notes } from "../notes.ts";
import { asRecord } from "../records.ts";
import { checkedSpan, type Span, utf16Offsets } from "./annotated_text.ts";
import { listField } from "./fields.ts";
import type { SpanReader } from "./read_spans.ts";

type Entries = Record<string, unknown>;

/**
 * Label Studio's JSON (`data`, `annotations[].result[].value`) and JSON-MIN (the fields of the data, and the labels under
 * the name of their control). Its offsets count UTF-16 code units: its front end is JavaScript.
 */
export const readLabelStudio: SpanReader = ({ value, line, place }, file, notes) => {
  const task = asRecord(value, place);
  const full = "data" in task;
  const results = full ? chosenResults(task, place, notes) : minimalResults(task, place);
  if (!results) return undefined;
  const text = textOf(full ? asRecord(task.data, place) : task, place);
  const spans = results.flatMap((result) => spansOf(result, text, place, notes));
  return { text, spans, file, line };
};

/** Results of the first annotation that was not cancelled. */
function chosenResults(task: Entries, place: string, notes: Notes): Entries[] | undefined {
  const all = listField(task, "annotations" in task ? "annotations" : "completions", place).map((item) =>
    asRecord(item, place),
  );
  const kept = all.filter(({ was_cancelled }) => was_cancelled !== true);
  for (let i = kept.length; i < all.length; i++) notes.add("cancelled", place);
  if (kept.length > 1) notes.add("several", `${place} ${kept.length} annotations`);
  if (kept.length === 0) {
    notes.add("unannotated", place);
    return undefined;
  }
  return listField(kept[0]!, "result", place).map((item) => asRecord(item, place));
}

function minimalResults(task: Entries, place: string): Entries[] {
  const labels = Object.values(task).find(
    (value) => Array.isArray(value) && typeof (value[0] as Entries | undefined)?.start === "number",
  );
  return ((labels ?? []) as unknown[]).map((item) => ({ value: asRecord(item, place) }));
}

function spansOf({ value }: Entries, text: string, place: string, notes: Notes): Span[] {
  const { start, end, labels } = (value ?? {}) as Entries;
  if (!Array.isArray(labels)) {
    notes.add("otherResults", place);
    return [];
  }
  const toUtf16 = utf16Offsets(text);
  return labels.map((label) => checkedSpan({ start, end, label }, toUtf16, place));
}

/** The field `text`, or the only one that is a text. */
function textOf(data: Entries, place: string): string {
  if (typeof data.text === "string") return data.text;
  const texts = Object.entries(data).filter(([, value]) => typeof value === "string");
  if (texts.length === 1) return texts[0]![1] as string;
  throw new TorchnerError(
    "EDATA",
    `${place}: which field is the text? There are ${Object.keys(data).join(", ") || "none"}; call it text.`,
  );
}
