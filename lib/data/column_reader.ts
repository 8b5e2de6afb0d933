import { TorchnerError } from "../native/errors.ts";
import { isHeader } from "./columns.ts";
import type { Notes } from "./notes.ts";
import { tagName } from "./tags.ts";
import type { Example } from "./types.ts";

export interface ColumnOptions {
  /** The name that messages and `source` carry. */
  file: string;
  /** 0-based column of the words, negative from the last (-1); default 0, or 1 where column 0 numbers the words. */
  textColumn?: number;
  /** 0-based column of the tags, negative from the last (-1); default the last. */
  labelColumn?: number;
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
  /** `optional`: a file of one column has words and no tags. Default `required`. */
  labels?: "required" | "optional";
}

/** What the first row (of no comment) fixes for the whole file. */
interface Layout {
  line: number;
  columns: number;
  text: number;
  /** -1: the file has no tags. */
  label: number;
  tabs: boolean;
  /** Column 0 numbers the words. */
  numbered: boolean;
}

/**
 * Sentences of a column file: one word a line, its tag in a column beside it, an empty line (or one of blanks
 * and tabs) between sentences. Columns stand apart by tabs where the row has one between its cells (words may
 * then hold blanks), else by blanks. Nothing else divides a row: U+00A0, U+200B, U+FEFF and their like are words
 * in real data. `-DOCSTART-` lines are borders, not sentences. Before a sentence, a line that begins with `#` and is no
 * row of the file, or is CoNLL-U's `# key = value`, is a comment. `source.line` is the sentence's first line.
 *
 * @throws {TorchnerError} `EDATA` with file:line for a row that does not have the first row's columns, an empty
 *   word or tag, a lone carriage return, or a file without a sentence.
 */
export function readColumns(text: string, options: ColumnOptions, notes: Notes): Example[] {
  const { file, labelNames } = options;
  refuseLoneReturns(text, file);
  const examples: Example[] = [];
  // One string per label: cells cut from the text would each be an object of their own.
  const tags = new Map<string, string>();
  let cell = "";
  let tag = "";
  const row = new Row(text);
  const layout = findLayout(text, options, notes);
  let current: Example | undefined;
  let documents = 0;
  for (const { start, end, line } of linesOf(text)) {
    row.divide(start, end, layout.tabs);
    if (row.columns === 0) {
      current = undefined;
      if (row.isDocumentBorder) documents++;
      continue;
    }
    if (current === undefined && text[start] === "#" && isComment(text.slice(start, end), row, layout)) {
      notes.add("comments", `${file}:${line}`);
      continue;
    }
    if (row.columns !== layout.columns || row.tabs !== layout.tabs) throw badRow(row, line, layout, file);
    if (layout.numbered && isNoWord.test(text.slice(row.starts[0], row.ends[0]))) {
      notes.add("noWords", `${file}:${line}`);
      if (current) current.source!.wordPerLine = false;
      continue;
    }
    if (current === undefined) {
      current = {
        tokens: [],
        source: { file, line, wordPerLine: true, ...(documents > 0 && { document: documents }) },
      };
      if (layout.label >= 0) current.nerTags = [];
      examples.push(current);
    }
    const word = text.slice(row.starts[layout.text], row.ends[layout.text]);
    if (word === "") throw emptyCell(file, line, "word");
    current.tokens.push(word);
    if (layout.label < 0) continue;
    const from = row.starts[layout.label]!;
    const to = row.ends[layout.label]!;
    // Most words have their neighbour's tag, and then no string needs to be cut.
    if (cell === "" || to - from !== cell.length || !text.startsWith(cell, from)) {
      cell = text.slice(from, to);
      tag = tags.get(cell) ?? "";
    }
    if (tag === "") {
      if (cell === "") throw emptyCell(file, line, "tag");
      tag = tagName(cell, labelNames, `${file}:${line}`, notes);
      if (cell.includes(","))
        cell = ""; // each of its places may be one to note
      else tags.set(cell, tag);
    }
    current.nerTags!.push(tag);
  }
  return examples;
}

function* linesOf(text: string): Generator<{ start: number; end: number; line: number }> {
  for (let start = 0, line = 1; start < text.length; line++) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    yield { start, end, line };
    start = end + 1;
  }
}

const tab = 0x09;
const carriageReturn = 0x0d;
const blank = 0x20;
const hyphen = 0x2d;
const docstart = "-DOCSTART-";

function isGap(code: number): boolean {
  return code === blank || code === tab || code === carriageReturn;
}

/**
 * One row at a time, divided into cells: `columns` of them, none for a border. Indexes and one object for the
 * whole file, because cutting every row into strings costs three times as much on a large one.
 */
class Row {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  columns = 0;
  /** Whether tabs divide this row. */
  tabs = false;
  isDocumentBorder = false;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param tabs  The file is separated by tabs, whether or not this row has one inside. */
  divide(start: number, end: number, tabs: boolean): void {
    const text = this.#text;
    this.columns = 0;
    let from = start;
    let to = end;
    while (from < to && isGap(text.charCodeAt(from))) from++;
    while (from < to && isGap(text.charCodeAt(to - 1))) to--;
    this.isDocumentBorder = isDocumentBorder(text, from, to);
    if (from === to || this.isDocumentBorder) return;
    this.tabs = tabs || !this.#divideAtBlanks(from, to);
    // From the row's very start: a tab there is an empty first cell. Tabs at the end mean nothing.
    if (this.tabs) this.#divideAtTabs(start, to);
  }

  /** False where a tab turned up. */
  #divideAtBlanks(from: number, to: number): boolean {
    let cell = from;
    for (let i = from; i < to; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === tab) return false;
      if (code !== blank) continue;
      if (i > cell) this.#push(cell, i);
      cell = i + 1;
    }
    this.#push(cell, to);
    return true;
  }

  #divideAtTabs(start: number, to: number): void {
    const text = this.#text;
    this.columns = 0;
    for (let cell = start; cell <= to; ) {
      const found = text.indexOf("\t", cell);
      const next = found < 0 || found > to ? to : found;
      let from = cell;
      let end = next;
      while (from < end && isGap(text.charCodeAt(from))) from++;
      while (from < end && isGap(text.charCodeAt(end - 1))) end--;
      this.#push(from, end);
      cell = next + 1;
    }
  }

  #push(start: number, end: number): void {
    this.starts[this.columns] = start;
    this.ends[this.columns++] = end;
  }
}

function isDocumentBorder(text: string, from: number, to: number): boolean {
  if (text.charCodeAt(from) !== hyphen || !text.startsWith(docstart, from)) return false;
  const after = from + docstart.length;
  return after >= to || isGap(text.charCodeAt(after));
}

/** A carriage return anywhere but before a line's end means a file with other line ends, or a torn row. */
function refuseLoneReturns(text: string, file: string): void {
  const at = text.search(/\r(?!\n|$)/);
  if (at < 0) return;
  const line = text.slice(0, at).split("\n").length;
  throw new TorchnerError(
    "EDATA",
    `${file}:${line}: a carriage return inside the line; end lines with \\n or \\r\\n (e.g. tr '\\r' '\\n').`,
  );
}

/** By the first row that is surely no comment; where all rows begin with `#`, by the first one. */
function findLayout(text: string, options: ColumnOptions, notes: Notes): Layout {
  const row = new Row(text);
  let hash: number | undefined;
  const layoutAt = (line: number) => {
    const { textColumn } = options;
    const numbered =
      (textColumn === undefined || textColumn > 0) && row.columns > 2 && numbersWords(text, line, row.tabs);
    if (numbered && textColumn === undefined) notes.add("wordNumbers", `${options.file}:${line} column 0`);
    const layout = layoutOf(row, line, { ...options, textColumn: textColumn ?? (numbered ? 1 : 0) });
    refuseHeader(text, row, layout, options.file);
    return { ...layout, numbered };
  };
  for (const { start, end, line } of linesOf(text)) {
    row.divide(start, end, false);
    if (row.columns === 0) continue;
    if (text[start] !== "#") return layoutAt(line);
    hash ??= line;
  }
  for (const { start, end, line } of linesOf(text)) {
    if (line !== hash) continue;
    row.divide(start, end, false);
    return layoutAt(line);
  }
  throw new TorchnerError(
    "EDATA",
    `${options.file}:1: no sentence in the file; give one word a line with its tag beside it.`,
  );
}

/** CoNLL-U's numbers of lines that are no words: the surface of words 1 and 2, and a node that no text shows. */
const isNoWord = /^\d+[-.]\d+$/;

/** Whether column 0 counts the words of a sentence, as in CoNLL-U: in the first sentence of two words or more. */
function numbersWords(text: string, from: number, tabs: boolean): boolean {
  const row = new Row(text);
  let words = 0;
  let first = 0;
  for (const { start, end, line } of linesOf(text)) {
    if (line < from) continue;
    row.divide(start, end, tabs);
    if (row.columns === 0) {
      if (words > 1) return true;
      words = 0;
      continue;
    }
    if (words === 0 && text[start] === "#") continue;
    const cell = text.slice(row.starts[0], row.ends[0]);
    if (isNoWord.test(cell)) continue;
    const number = Number(cell || Number.NaN);
    if (words === 0) first = number;
    if (first > 1 || number !== first + words) return false;
    words++;
  }
  return words > 1;
}

function refuseHeader(
  text: string,
  { starts, ends }: Row,
  layout: Omit<Layout, "numbered">,
  file: string,
): void {
  if (layout.label < 0) return;
  const cells = [layout.text, layout.label].map((column) => text.slice(starts[column], ends[column]));
  if (!isHeader(cells)) return;
  throw new TorchnerError(
    "EDATA",
    `${file}:${layout.line}: a row of names (${cells.join(", ")}) above the words; take it out, or read the file as a table ` +
      "(--dataset-format tsv).",
  );
}

/** A word may well be `#`, and then its row is one of the file's. */
function isComment(line: string, { columns, tabs }: Row, layout: Layout): boolean {
  if (/^# ?[\w.:-]+ =(\s|$)/.test(line)) return true;
  return /^#+(\s|$)/.test(line) && (columns !== layout.columns || tabs !== layout.tabs);
}

function layoutOf({ columns, tabs }: Row, line: number, options: ColumnOptions): Omit<Layout, "numbered"> {
  const { file, textColumn = 0, labels = "required" } = options;
  const unlabelled = columns === 1 && labels === "optional" && options.labelColumn === undefined;
  if (columns < 2 && !unlabelled) {
    throw new TorchnerError(
      "EDATA",
      `${file}:${line}: one column, but a word and its tag need two; put a tab or a blank between them.`,
    );
  }
  const fromStart = (column: number) => (column < 0 ? columns + column : column);
  const label = unlabelled ? -1 : fromStart(options.labelColumn ?? -1);
  const words = fromStart(textColumn);
  for (const [name, column] of [
    ["text", words],
    ["label", label],
  ] as const) {
    if (column < columns) continue;
    throw new TorchnerError(
      "EDATA",
      `${file}:${line}: the ${name} column is ${column}, but the row has columns 0 to ${columns - 1}; ` +
        `give another ${name}Column (--${name}-column-name).`,
    );
  }
  if (words === label) {
    throw new TorchnerError(
      "EDATA",
      `${file}:${line}: column ${label} would be both word and tag; give another textColumn or labelColumn ` +
        "(--text-column-name, --label-column-name).",
    );
  }
  return { line, columns, text: words, label, tabs };
}

function badRow({ columns, tabs }: Row, line: number, layout: Layout, file: string): TorchnerError {
  const apart = layout.tabs ? "tabs" : "blanks";
  const place = `${file}:${line}`;
  if (tabs !== layout.tabs) {
    // Read either way it would be guesswork: "New York<tab>" lacks its tag, and looks like two columns.
    return new TorchnerError(
      "EDATA",
      `${place}: tabs between columns, but blanks in line ${layout.line}; use tabs throughout.`,
    );
  }
  const fix =
    columns < layout.columns
      ? "add the missing column, or take the line out"
      : "take the extra column out, or separate columns by tabs if a word holds a blank";
  return new TorchnerError(
    "EDATA",
    `${place}: ${count(columns)}, but ${count(layout.columns)} (separated by ${apart}) in line ${layout.line}; ${fix}.`,
  );
}

function emptyCell(file: string, line: number, what: "word" | "tag"): TorchnerError {
  return new TorchnerError("EDATA", `${file}:${line}: the ${what} is empty; write it, or take the line out.`);
}

function count(columns: number): string {
  return columns === 1 ? "one column" : `${columns} columns`;
}
