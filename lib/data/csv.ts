import { TorchnerError } from "../native/errors.ts";

export interface CsvRow {
  /** Of the row's first cell, from 1. */
  line: number;
  cells: string[];
}

/**
 * Rows of a CSV text by RFC 4180: cells in quotes may hold separators, line ends and doubled quotes. Empty lines are
 * rows without cells.
 *
 * @param separator  `,`, `;` or a tab; see `separatorOf`.
 * @throws {TorchnerError} `EDATA` with file:line for a quote that is never closed, or text after a closed one.
 */
export function readCsv(text: string, separator: string, file: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const row: CsvRow = { line, cells: [] };
    for (;;) {
      const cell =
        text[at] === '"' ? quoted(text, at, `${file}:${line}`, separator) : plain(text, at, separator);
      at = cell.end;
      line += cell.lines;
      row.cells.push(cell.value);
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === "\r") at++;
    if (at < text.length && text[at] !== "\n") {
      throw new TorchnerError(
        "EDATA",
        `${file}:${line}: text after a closing quote; double the quotes inside a cell, or take them out${withoutQuotes(separator)}.`,
      );
    }
    at++;
    line++;
    if (row.cells.length === 1 && row.cells[0] === "") row.cells = [];
    rows.push(row);
  }
  return rows;
}

interface Cell {
  value: string;
  /** Where the separator or the line's end stands. */
  end: number;
  /** Line ends inside. */
  lines: number;
}

function plain(text: string, start: number, separator: string): Cell {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n") end++;
  const last = text[end - 1] === "\r" && (end === text.length || text[end] === "\n") ? end - 1 : end;
  return { value: text.slice(start, Math.max(start, last)), end: Math.max(start, last), lines: 0 };
}

function quoted(text: string, start: number, place: string, separator: string): Cell {
  let value = "";
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) {
      throw new TorchnerError(
        "EDATA",
        `${place}: a quote that is never closed; close it, or double it${withoutQuotes(separator)}.`,
      );
    }
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1, lines: value.split("\n").length - 1 };
    value += '"';
    from = quote + 2;
  }
}

/** A way out for tab-separated words that were written without any quoting. */
export function withoutQuotes(separator: string): string {
  return separator === "\t" ? " (or take the header row out: in columns a quote is a word)" : "";
}

/** What divides the header's cells. A `.csv` may well be divided by semicolons or tabs. */
export function separatorOf(text: string): string {
  const header = /[^\r\n]+/.exec(text)?.[0] ?? "";
  const counts = [",", ";", "\t"].map((separator) => [separator, header.split(separator).length] as const);
  return counts.reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}
