import { kindOf } from "../../messages/checks.ts";
import { TorchnerError } from "../../native/errors.ts";
import { asRecord } from "../records.ts";
import { checkedSpan, codePointOffsets, type Span } from "./annotated_text.ts";

/** @throws {TorchnerError} `EDATA` where the record has no such text. */
export function textField(record: Record<string, unknown>, key: string, place: string): string {
  const value = record[key];
  if (typeof value === "string") return value;
  throw new TorchnerError("EDATA", `${place}: ${key} is ${kindOf(value)}; a text is due there.`);
}

/** @throws {TorchnerError} `EDATA` for anything but an array; absent and null are an empty one. */
export function listField(record: Record<string, unknown>, key: string, place: string): unknown[] {
  const value = record[key] ?? [];
  if (Array.isArray(value)) return value;
  throw new TorchnerError("EDATA", `${place}: ${key} is ${kindOf(value)}; an array of spans is due there.`);
}

/** `[start, end, label]` by code points, as doccano and spaCy have it. */
export function tripleSpans(items: readonly unknown[], text: string, place: string): Span[] {
  const toUtf16 = codePointOffsets(text);
  return items.map((item) => {
    const [start, end, label] = Array.isArray(item) ? item : [];
    return checkedSpan({ start, end, label }, toUtf16, place);
  });
}

/** Objects with offsets and a label under these keys, by code points. */
export function objectSpans(
  items: readonly unknown[],
  keys: { start: string; end: string },
  text: string,
  place: string,
): Span[] {
  const toUtf16 = codePointOffsets(text);
  return items.map((item) => {
    const span = asRecord(item, place);
    return checkedSpan({ start: span[keys.start], end: span[keys.end], label: span.label }, toUtf16, place);
  });
}
