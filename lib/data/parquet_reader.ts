import { TorchnerError } from "../native/errors.ts";
import { namesInMetadata } from "./class_labels.ts";
import type { Notes } from "./notes.ts";
import { readBytes } from "./read_text.ts";
import type { TableOptions } from "./table_options.ts";
import { examplesOfTable, type TableExamples } from "./table_records.ts";

/**
 * Sentences of a Parquet file: a row each, words and tags in list columns. Integer tags get the names that `datasets`
 * has stored in the file's metadata.
 *
 * @throws {TorchnerError} `EDATA` naming the file or row for what is no such table, `EIO` where it cannot be read.
 */
export async function readParquet(file: string, options: TableOptions, notes: Notes): Promise<TableExamples> {
  const [{ parquetMetadata, parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const bytes = await readBytes(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await orDamaged(file, async () => parquetMetadata(buffer));
  const stored = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  const [root] = metadata.schema;
  const table = {
    // Damaged metadata has other things than texts in the place of names.
    columns: topLevelNames(metadata.schema.slice(1), root?.num_children ?? 0).map(String),
    labelNames: (column: string) => namesInMetadata(stored, column),
    rows: (columns: readonly string[]) =>
      orDamaged(file, () =>
        rowsOf(metadata.row_groups, columns, (column, rowStart, rowEnd) =>
          parquetReadObjects({ file: buffer, metadata, compressors, columns: [column], rowStart, rowEnd }),
        ),
      ),
  };
  return examplesOfTable(table, file, options, notes);
}

type Row = Record<string, unknown>;

/**
 * One column of one group at a time: the library starts all that it is asked for at once, and where two of them fail
 * nobody waits for the second, which ends the process.
 */
async function rowsOf(
  groups: readonly { num_rows: bigint }[],
  columns: readonly string[],
  read: (column: string, rowStart: number, rowEnd: number) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const group of groups) {
    const start = rows.length;
    const end = start + Number(group.num_rows);
    for (const column of columns) {
      for (const [i, row] of (await read(column, start, end)).entries()) {
        rows[start + i] = { ...rows[start + i], ...row };
      }
    }
    if (rows.length !== end) throw new Error(`${rows.length} rows of ${end}`);
  }
  return rows;
}

/** A schema is a tree laid out in order; a list's inner nodes follow it. */
function topLevelNames(nodes: readonly { name: string; num_children?: number }[], count: number): string[] {
  const names: string[] = [];
  let at = 0;
  const skip = () => {
    const children = nodes[at++]?.num_children ?? 0;
    for (let i = 0; i < children; i++) skip();
  };
  for (let i = 0; i < count; i++) {
    names.push(nodes[at]?.name ?? "");
    skip();
  }
  return names;
}

async function orDamaged<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new TorchnerError(
      "EDATA",
      `${file}: not a readable Parquet file (${(cause as Error).message}); write or fetch it again.`,
      { cause },
    );
  }
}
