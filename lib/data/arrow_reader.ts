/** Arrow files, and the folders that `datasets`' `save_to_disk` makes of them. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { checkArrowLayout } from "./arrow_layout.ts";
import { classLabelNames, namesInMetadata } from "./class_labels.ts";
import type { Notes } from "./notes.ts";
import { readBytes } from "./read_text.ts";
import type { TableOptions } from "./table_options.ts";
import { examplesOfTable, type TableExamples } from "./table_records.ts";
import type { Example } from "./types.ts";

/**
 * Sentences of an Arrow file (IPC, as a stream or a file): a row each, words and tags in list columns.
 *
 * @param features  What dataset_info.json beside it tells of the columns; else the schema's own metadata counts.
 * @throws {TorchnerError} `EDATA` naming the file or row for what is no such table, `EIO` where it cannot be read.
 */
export async function readArrow(
  file: string,
  options: TableOptions,
  notes: Notes,
  features?: unknown,
): Promise<TableExamples> {
  const { tableFromIPC } = await import("@uwdata/flechette");
  const bytes = await readBytes(file);
  const table = orDamaged(file, () => {
    checkArrowLayout(bytes);
    return tableFromIPC(bytes);
  });
  const stored = table.schema.metadata?.get("huggingface");
  return examplesOfTable(
    {
      columns: table.names.map(String),
      labelNames: (column) => classLabelNames(features, column) ?? namesInMetadata(stored, column),
      rows: async (columns) =>
        orDamaged(file, () => {
          const chosen = table.select([...columns]);
          for (const { data } of chosen.children) for (const batch of data) checkExtents(batch, bytes.length);
          return chosen.toArray();
        }),
    },
    file,
    options,
    notes,
  );
}

/** The parts of a flechette batch that say how much there is of it. */
interface Extents {
  length: number;
  values?: ArrayLike<unknown>;
  offsets?: ArrayLike<number | bigint>;
  /** List views tell each list's size; other lists end where the next one begins. */
  sizes?: ArrayLike<number | bigint>;
  /** Of lists and of bytes that all have this length. */
  stride?: number;
  children?: readonly Extents[];
}

/** A damaged length or offset would make the decoder fill the memory. */
function checkExtents({ length, values, offsets, sizes, stride, children }: Extents, bytes: number): void {
  const most = children?.[0]?.length ?? values?.length ?? 0;
  if (!(length >= 0 && length <= 8 * bytes)) throw new Error(`a column of ${length} values`);
  if (offsets !== undefined && length > 0) {
    if (offsets.length < length + (sizes ? 0 : 1)) throw new Error("offsets that end early");
    for (let i = 0; i < length; i++) {
      const start = Number(offsets[i]);
      const end = sizes ? start + Number(sizes[i]) : Number(offsets[i + 1]);
      if (!(start >= 0 && start <= end && end <= most))
        throw new Error(`offsets ${start} to ${end} of ${most}`);
    }
  }
  if (stride !== undefined && !(stride >= 0 && length * stride <= most))
    throw new Error(`${length} times ${stride} values of ${most}`);
  for (const child of children ?? []) checkExtents(child, bytes);
}

function orDamaged<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    const [, codec] = /^Missing compression codec "(\w+)"/.exec(message) ?? [];
    const what = codec
      ? `its columns are compressed (${codec}); write it without compression, or as Parquet.`
      : `not a readable Arrow file (${message}); write or fetch it again.`;
    throw new TorchnerError("EDATA", `${file}: ${what}`, { cause });
  }
}

/** Whether a folder is one dataset that `save_to_disk` has written. */
export function isSavedDataset(folder: string): boolean {
  return existsSync(join(folder, "state.json")) && existsSync(join(folder, "dataset_info.json"));
}

/** Sentences of a folder that `save_to_disk` has written: the files in the order of its state.json. */
export async function readSavedDataset(
  folder: string,
  options: TableOptions,
  notes: Notes,
): Promise<TableExamples> {
  const state = (await readJsonFile(join(folder, "state.json"))) as {
    _data_files?: { filename?: unknown }[];
  };
  const info = (await readJsonFile(join(folder, "dataset_info.json"))) as { features?: unknown };
  const names = state._data_files?.map(({ filename }) => filename);
  if (!names?.every((name) => typeof name === "string" && !/[\\/]/.test(name))) {
    throw new TorchnerError(
      "EDATA",
      `${join(folder, "state.json")}: names no data files; save the dataset again.`,
    );
  }
  const examples: Example[] = [];
  let labelNames: string[] | undefined;
  for (const name of names as string[]) {
    const part = await readArrow(join(folder, name), options, notes, info.features);
    for (const example of part.examples) examples.push(example);
    labelNames = part.labelNames;
  }
  return { examples, labelNames };
}

async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readFile(path, "utf8").catch((cause) => {
    throw new TorchnerError("EIO", `${path}: cannot be read (${cause.message}).`, { cause });
  });
  try {
    return JSON.parse(bytes);
  } catch (cause) {
    throw new TorchnerError("EDATA", `${path}:1: not valid JSON; save the dataset again.`, { cause });
  }
}
