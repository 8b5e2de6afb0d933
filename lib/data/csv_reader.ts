/**
 * Tables with a header row. Two kinds are in use: a row per word (with or without a column that numbers the sentences),
 * and a row per sentence whose cells hold all words and all tags.
 */
import { TorchnerError } from "../native/errors.ts";
import { type AskedColumns, chooseColumns } from "./columns.ts";
import { type CsvRow, readCsv, separatorOf } from "./csv.ts";
import { parseList } from "./list_cell.ts";
import type { Notes } from "./notes.ts";
import { recordReader } from "./records.ts";
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
  const all = readCsv(text, separatorOf(text), file);
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
    rows,
    text: names.indexOf(columns.text),
    label: columns.label === undefined ? -1 : names.indexOf(columns.label),
    sentence: names.flatMap((name, i) => (name !== columns.text && sentenceColumn.test(name) ? [i] : [])),
  };
}

/** A row is a sentence where a cell is a list, or no column numbers sentences and a cell of tags holds several. */
function holdsSentences(rows: readonly CsvRow[], table: Table): boolean {
  const first = rows[0]!.cells[table.text]!;
  if (parseList(first)) return true;
  if (table.sentence.length > 0) return false;
  const column = table.label >= 0 ? table.label : table.text;
  return rows.some(({ cells }) => /\S[\s,]+\S/.test(cells[column]!.trim()));
}

function sentenceRows(rows: readonly CsvRow[], table: Table, options: CsvOptions, notes: Notes): Example[] {
  const { file, labelNames, labels } = options;
  const read = recordReader({ labelNames, labels: table.label < 0 ? labels : "required" }, notes);
  return rows.map(({ line, cells }) => {
    const record: Record<string, unknown> = { tokens: wordsOf(cells[table.text]!) };
    if (table.label >= 0) record.ner_tags = tagsOf(cells[table.label]!);
    return read(record, { file, line }, `${file}:${line}`);
  });
}

const wordsOf = (cell: string): unknown[] =>
  parseList(cell) ??
  cell
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");

/** Tags stand in a list, or apart by commas or blanks: no tag holds either. */
const tagsOf = (cell: string): unknown[] =>
  parseList(cell) ??
  cell
    .trim()
    .split(/[\s,]+/)
    .filter((tag) => tag !== "");

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
    const word = cells[table.text]!.trim();
    if (word === "") {
      throw new TorchnerError("EDATA", `${place}: the word is empty; write it, or take the row out.`);
    }
    current.tokens.push(word);
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
