/** What Parquet and Arrow have in common: rows as objects, a schema, and the names of integer tags beside it. */
import { chooseColumns } from "./columns.ts";
import type { Notes } from "./notes.ts";
import { checkNotEmpty, recordReader } from "./records.ts";
import type { TableOptions } from "./table_options.ts";
import type { ReadResult } from "./types.ts";

/** A table as its file format gives it. */
export interface StoredTable {
  columns: readonly string[];
  /** Rows with (at least) the columns asked for. */
  rows(columns: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** Names of a column's integer tags, where the file tells them. */
  labelNames(column: string): string[] | undefined;
}

/** What is read of a table; `labelNames` only where the table itself tells them. */
export type TableExamples = Omit<ReadResult, "notes">;

/**
 * The sentences of a table, a row each. Names given by the caller go before those in the file. `source.line` is the
 * number of the row, from 1.
 */
export async function examplesOfTable(
  table: StoredTable,
  file: string,
  options: TableOptions,
  notes: Notes,
): Promise<TableExamples> {
  const { text, label } = chooseColumns(table.columns, options, file);
  const labelNames = label === undefined ? undefined : table.labelNames(label);
  const read = recordReader(
    {
      ...{ textColumn: text, labelColumn: label, labels: options.labels },
      labelNames: options.labelNames ?? labelNames,
    },
    notes,
  );
  const rows = await table.rows(label === undefined ? [text] : [text, label]);
  const examples = rows.map((row, i) => {
    const values = Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plainList(value)]));
    return read(values, { file, line: i + 1 }, `${file}:${i + 1} (row)`);
  });
  checkNotEmpty(examples, file);
  return { examples, labelNames };
}

/** Typed arrays and 64-bit integers as plain ones. */
function plainList(value: unknown): unknown {
  const list = ArrayBuffer.isView(value) ? [...(value as unknown as Iterable<unknown>)] : value;
  if (!Array.isArray(list)) return list;
  return list.map((item) => (typeof item === "bigint" ? Number(item) : item));
}
