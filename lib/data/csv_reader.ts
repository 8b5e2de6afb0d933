/**
 * Tables with a header row. Two kinds are in use: a row per word (with or without a column that numbers the sentences),
 * and a row per sentence whose cells hold all words and all tags.
 */
import { TorchnerError } from "../native/errors.ts";
import { type AskedColumns, chooseColumns } from "./columns.ts";
import { type CsvRow, readCsv, separatorOf, withoutQuotes } from "./csv.ts";
import { isBrokenList, parseList } from "./list_cell.ts";
import type { Notes } from "./notes.ts";
import { recordReader } from "./records.ts";
import { splitAtBlanks } from "./split_at_blanks.ts";
import { tagName } from "./tags.ts";
import type { Example } from "./types.ts";

export interface CsvOptions extends AskedColumns {
  /** The name that messages and `source` carry. */
  file: string;
  /** Names of integer tags, in order. */
  labelNames?: readonly string[];
}

interface Table {
  rows: CsvRow[];
  separator: string;
  text: number;
  /** -1: no tags. */
  label: number;
  /** Columns that number the sentences, documents too: sentences of each may be counted from 1. */
  sentence: number[];
}

/** `Sentence #`, `sentence_id`, `sent_idx`, `doc_id`, ...: the columns that tell where a sentence begins. */
const sentenceColumn = /^(sentence|sent|doc|document)[ _-]*(#|no|nr|id|idx|index|number)?\.?$/i;

/**
 * @throws {TorchnerError} `EDATA` with file:line for a row that lacks cells, an empty word or tag, words and tags that
 *   differ in number, or a table that does not tell its columns or sentences.
 */
export function readTable(text: string, options: CsvOptions, notes: Notes): Example[] {
  const table = tableOf(text, options);
  const full = table.rows.filter(({ cells }) => cells.length > 0);
  if (full.length === 0) {
    throw new TorchnerError(
      "EDATA",
      `${options.file}:1: no row below the header; give a file with sentences.`,
    );
  }
  return holdsSentences(full, table)
    ? sentenceRows(full, table, options, notes)
    : wordRows(table, options, notes);
}

function tableOf(text: string, options: CsvOptions): Table {
  const { file } = options;
  const separator = separatorOf(text);
  const all = readCsv(text, separator, file);
  const head = all.findIndex(({ cells }) => cells.length > 0);
  if (head < 0) {
    throw new TorchnerError("EDATA", `${file}:1: no header row; name the columns, e.g. tokens,ner_tags.`);
  }
  const rows = all.slice(head + 1);
  const names = all[head]!.cells.map((name) => name.trim());
  const columns = chooseColumns(names, options, `${file}:${all[head]!.line}`);
  for (const { line, cells } of rows) {
    if (cells.length === 0 || cells.length === names.length) continue;
    throw new TorchnerError(
      "EDATA",
      `${file}:${line}: ${cells.length} cells, but ${names.length} in the header; put a cell that holds the separator in quotes.`,
    );
  }
  return {
    ...{ rows, separator },
    text: names.indexOf(columns.text),
    label: columns.label === undefined ? -1 : names.indexOf(columns.label),
    sentence: names.flatMap((name, i) => (name !== columns.text && sentenceColumn.test(name) ? [i] : [])),
  };
}

/**
 * A row is a sentence where a cell is a list or a cell of tags holds several. Where a column numbers the sentences there
 * have to be as many words as tags (or, without tags, a number for each row): `B-a,B-b` may be two tags of one word.
 */
function holdsSentences(rows: readonly CsvRow[], { text, label, sentence }: Table): boolean {
  const [first] = rows;
  if (isList(first!.cells[text]!, "words")) return true;
  if (label < 0) {
    const numbered = sentence.length === 0 || rows.every((row, i) => isNumbered(row, rows[i - 1], sentence));
    return numbered && rows.some(({ cells }) => splitAtBlanks(cells[text]!).length > 1);
  }
  if (isList(first!.cells[label]!, "tags")) return true;
  return rows.some(({ cells }) => {
    const tags = splitTags(cells[label]!).length;
    return tags > 1 && (sentence.length === 0 || tags === splitAtBlanks(cells[text]!).length);
  });
}

function isList(cell: string, what: "words" | "tags"): boolean {
  return parseList(cell) !== undefined || isBrokenList(cell, what);
}

/** Whether a row has a number that the one before it does not have. */
function isNumbered({ cells }: CsvRow, before: CsvRow | undefined, columns: readonly number[]): boolean {
  return columns.some((column) => cells[column]!.trim() !== "" && cells[column] !== before?.cells[column]);
}

/** Tags stand apart by commas or blanks: no tag holds either. */
const splitTags = (cell: string) => cell.split(/[\s,]+/).filter((tag) => tag !== "");

function sentenceRows(rows: readonly CsvRow[], table: Table, options: CsvOptions, notes: Notes): Example[] {
  const { file, labelNames, labels } = options;
  const read = recordReader({ labelNames, labels: table.label < 0 ? labels : "required" }, notes);
  return rows.map(({ line, cells }) => {
    const place = `${file}:${line}`;
    const words = cells[table.text]!;
    const record: Record<string, unknown> = { tokens: listIn(words, "words", place) ?? splitAtBlanks(words) };
    if (table.label >= 0) {
      const tags = cells[table.label]!;
      record.ner_tags = listIn(tags, "tags", place) ?? splitTags(tags);
    }
    return read(record, { file, line }, place);
  });
}

function listIn(cell: string, what: "words" | "tags", place: string): unknown[] | undefined {
  if (!isBrokenList(cell, what)) return parseList(cell);
  throw new TorchnerError(
    "EDATA",
    `${place}: the list of ${what} cannot be read (${JSON.stringify(cell.slice(0, 40))}...); write it as JSON, all of it.`,
  );
}

function wordRows(table: Table, options: CsvOptions, notes: Notes): Example[] {
  const { file, labelNames } = options;
  const examples: Example[] = [];
  let current: Example | undefined;
  const numbers = new Map<number, string>();
  let borders = 0;
  for (const { line, cells } of table.rows) {
    if (cells.length === 0) {
      current = undefined;
      borders++;
      continue;
    }
    const place = `${file}:${line}`;
    for (const column of table.sentence) {
      const own = cells[column]!.trim();
      // Filled on every row of a sentence, or on its first alone.
      if (own === "" || own === numbers.get(column)) continue;
      numbers.set(column, own);
      current = undefined;
    }
    if (current === undefined) {
      current = { tokens: [], source: { file, line } };
      if (table.label >= 0) current.nerTags = [];
      examples.push(current);
    }
    current.tokens.push(wordIn(cells[table.text]!, table.separator, place));
    if (table.label >= 0)
      current.nerTags!.push(tagName(cells[table.label]!.trim(), labelNames, place, notes));
  }
  const rows = table.rows.length - borders;
  if (examples.length > 1 || rows <= 1 || table.sentence.length > 0 || borders > 0) return examples;
  throw new TorchnerError(
    "EDATA",
    `${file}:2: ${rows} rows of one word each, and nothing tells where a sentence ends; ` +
      "add a column such as sentence_id, or empty lines between sentences.",
  );
}

function wordIn(cell: string, separator: string, place: string): string {
  const word = cell.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (word === "") {
    throw new TorchnerError("EDATA", `${place}: the word is empty; write it, or take the row out.`);
  }
  if (!/[\r\n]/.test(word)) return word;
  throw new TorchnerError(
    "EDATA",
    `${place}: a quote opens here and is closed lines below; a quote that is itself a word is written """"` +
      `${withoutQuotes(separator)}.`,
  );
}
