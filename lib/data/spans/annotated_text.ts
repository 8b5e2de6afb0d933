/** From a text with spans of characters to sentences of tagged words. */
import { TorchnerError } from "../../native/errors.ts";
import type { Notes } from "../notes.ts";
import type { Example } from "../types.ts";
import { splitWords, type Word } from "./split_words.ts";

export interface Span {
  /** UTF-16 code units of the text; `end` is behind the last one. */
  start: number;
  end: number;
  label: string;
}

export interface AnnotatedText {
  text: string;
  spans: readonly Span[];
  /** The tool's own words, where it has them. */
  words?: readonly Word[];
  file: string;
  line: number;
  /** Offsets of the text's line breaks, where they are the file's: the text then begins on `line`. */
  breaks?: readonly number[];
}

interface Entity {
  first: number;
  last: number;
  span: Span;
  order: number;
}

/**
 * A sentence for each line of the text that has words, with IOB2 tags. What does not fit is noted with its place: a
 * span that ends inside a word is widened, one over a line break is cut, and of overlapping ones the longest stays.
 */
export function toExamples(annotated: AnnotatedText, notes: Notes): Example[] {
  const { text, file, line } = annotated;
  const words = annotated.words ?? splitWords(text);
  const tags = new Array<string>(words.length).fill("O");
  for (const { first, last, span } of entities(annotated, words, notes)) {
    for (let i = first; i <= last; i++) tags[i] = `${i === first ? "B" : "I"}-${span.label}`;
  }
  const examples: Example[] = [];
  for (const { from, to } of lines(text, words)) {
    const tokens = words.slice(from, to).map(({ start, end }) => text.slice(start, end));
    const source = { file, line: lineAt(annotated, words[from]!.start) };
    examples.push({ tokens, nerTags: tags.slice(from, to), source });
  }
  if (examples.length === 0) notes.add("emptyText", `${file}:${line}`);
  return examples;
}

/** Ranges of words that stand on one line. */
function lines(text: string, words: readonly Word[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (let from = 0; from < words.length; ) {
    let to = from + 1;
    while (to < words.length && !breaksBetween(text, words[to - 1]!, words[to]!)) to++;
    ranges.push({ from, to });
    from = to;
  }
  return ranges;
}

const breaksBetween = (text: string, before: Word, after: Word) =>
  /[\n\r]/.test(text.slice(before.end, after.start));

/** Entities that share no word, the longest of each overlap. */
function entities(annotated: AnnotatedText, words: readonly Word[], notes: Notes): Entity[] {
  const candidates = annotated.spans.flatMap((span, order) =>
    onWords(annotated, span, words, notes).map(([first, last]) => ({ first, last, span, order })),
  );
  const length = ({ span }: Entity) => span.end - span.start;
  candidates.sort((a, b) => length(b) - length(a) || a.order - b.order);
  const taken = new Array<boolean>(words.length).fill(false);
  return candidates.filter((entity) => {
    const range = taken.slice(entity.first, entity.last + 1);
    if (range.includes(true)) {
      notes.add("overlapping", describe(annotated, entity.span));
      return false;
    }
    taken.fill(true, entity.first, entity.last + 1);
    return true;
  });
}

/** First and last word of the span, for each line that it touches. */
function onWords(
  annotated: AnnotatedText,
  span: Span,
  words: readonly Word[],
  notes: Notes,
): [number, number][] {
  const { text } = annotated;
  const inner = text.slice(span.start, span.end);
  const start = span.start + (inner.length - inner.trimStart().length);
  const end = span.end - (inner.length - inner.trimEnd().length);
  const first = words.findIndex((word) => word.end > start);
  let last = first;
  while (last + 1 < words.length && words[last + 1]!.start < end) last++;
  if (first < 0 || end <= start || words[first]!.start >= end) {
    notes.add("wordless", describe(annotated, span));
    return [];
  }
  const [from, to] = [words[first]!.start, words[last]!.end];
  if (from !== start || to !== end) {
    notes.add("widened", `${describe(annotated, span)} -> ${JSON.stringify(text.slice(from, to))}`);
  }
  const parts: [number, number][] = [[first, first]];
  for (let i = first + 1; i <= last; i++) {
    if (breaksBetween(text, words[i - 1]!, words[i]!)) parts.push([i, i]);
    else parts.at(-1)![1] = i;
  }
  if (parts.length > 1) notes.add("cut", describe(annotated, span));
  return parts;
}

function describe(annotated: AnnotatedText, { start, end, label }: Span): string {
  const { file, text } = annotated;
  return `${file}:${lineAt(annotated, start)} ${JSON.stringify(text.slice(start, end))} ${label}`;
}

function lineAt({ line, breaks = [] }: AnnotatedText, offset: number): number {
  let from = 0;
  for (let to = breaks.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (breaks[middle]! < offset) from = middle + 1;
    else to = middle;
  }
  return line + from;
}

/**
 * A span as a file has it, checked, its offsets as UTF-16 code units.
 * @param toUtf16  Turns the tool's offsets into UTF-16's; see `codePointOffsets`.
 * @throws {TorchnerError} `EDATA` for offsets outside the text or in the wrong order, or no label.
 */
export function checkedSpan(
  { start, end, label }: { start: unknown; end: unknown; label: unknown },
  toUtf16: (offset: number) => number | undefined,
  place: string,
): Span {
  const shown = `[${String(start)}, ${String(end)}, ${JSON.stringify(label)}]`;
  const [from, to] = [start, end].map((offset) =>
    Number.isSafeInteger(offset) ? toUtf16(offset as number) : undefined,
  );
  if (from === undefined || to === undefined || from >= to) {
    throw new TorchnerError(
      "EDATA",
      `${place}: the span ${shown} does not lie in the text; repair its offsets or take it out.`,
    );
  }
  if (typeof label !== "string" || label.trim() === "") {
    throw new TorchnerError("EDATA", `${place}: the span ${shown} has no label; give it one or take it out.`);
  }
  return { start: from, end: to, label: label.trim() };
}

/** For tools whose offsets count UTF-16 code units, as JavaScript does. */
export function utf16Offsets(text: string): (offset: number) => number | undefined {
  return (offset) => (offset >= 0 && offset <= text.length ? offset : undefined);
}

/** For tools written in Python, whose offsets count code points: beyond U+FFFF one of them is two code units. */
export function codePointOffsets(text: string): (offset: number) => number | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return utf16Offsets(text);
  const units = [0];
  for (const point of text) units.push(units.at(-1)! + point.length);
  return (offset) => units[offset];
}
