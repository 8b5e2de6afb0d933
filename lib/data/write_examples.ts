/** Tagged sentences into a file, in a way that reads back as the same sentences. */
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { type WrittenFormat, writtenFormats } from "./format.ts";
import { examplePlace } from "./labels.ts";
import { readExamples } from "./read_examples.ts";
import type { Example } from "./types.ts";

/** By extension; `conll` for every other. */
export function writtenFormatOf(file: string): WrittenFormat {
  const extension = extname(file).slice(1).toLowerCase();
  return writtenFormats.find((format) => format === extension) ?? "conll";
}

/**
 * @throws {TorchnerError} `EIO` where the file cannot be written; `EDATA` naming the first sentence that the format
 *   cannot hold, such as a word with a line break in columns. Nothing is left behind then.
 */
export async function writeExamples(
  file: string,
  examples: readonly Example[],
  format: WrittenFormat = writtenFormatOf(file),
): Promise<void> {
  const temporary = join(dirname(file), `tmp-${process.pid}-${basename(file)}`);
  try {
    await writeTo(temporary, examples, format);
    await checkReadBack(temporary, examples, format);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof TorchnerError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TorchnerError("EIO", `${file}: cannot write: ${code ?? message}.`, { cause: error });
  }
}

async function writeTo(file: string, examples: readonly Example[], format: WrittenFormat): Promise<void> {
  if (format === "parquet") {
    const { parquetWriteFile } = await import("hyparquet-writer");
    const columns = [
      { name: "tokens", data: examples.map(({ tokens }) => tokens) },
      { name: "ner_tags", data: examples.map(({ nerTags }) => nerTags) },
    ];
    parquetWriteFile({ filename: file, columnData: columns });
    return;
  }
  await writeFile(file, textOf(examples, format));
}

function textOf(examples: readonly Example[], format: Exclude<WrittenFormat, "parquet">): string {
  const record = ({ tokens, nerTags }: Example) => ({ tokens, ner_tags: nerTags });
  switch (format) {
    case "jsonl":
      return examples.map((one) => `${JSON.stringify(record(one))}\n`).join("");
    case "json":
      return `[\n${examples.map((one) => JSON.stringify(record(one))).join(",\n")}\n]\n`;
    case "csv":
      return table(examples, (cell) => `"${cell.replaceAll('"', '""')}"`, ",");
    case "tsv":
      return table(examples, (cell) => `"${cell.replaceAll('"', '""')}"`, "\t");
    default:
      return columns(examples);
  }
}

function table(examples: readonly Example[], quoted: (cell: string) => string, gap: string): string {
  const rows = examples.map(({ tokens, nerTags }) =>
    [tokens, nerTags].map((list) => quoted(JSON.stringify(list))).join(gap),
  );
  return `${["tokens", "ner_tags"].join(gap)}\n${rows.map((row) => `${row}\n`).join("")}`;
}

/** A blank between word and tag, as CoNLL has it, or a tab where a word holds a blank. */
function columns(examples: readonly Example[]): string {
  const gap = examples.some(({ tokens }) => tokens.some((token) => /[ \t]/.test(token))) ? "\t" : " ";
  let document: number | undefined;
  return examples
    .map(({ tokens, nerTags, source }) => {
      const border = source?.document === document ? "" : `-DOCSTART-${gap}O\n\n`;
      document = source?.document;
      return `${border}${tokens.map((token, i) => `${token}${gap}${nerTags![i]}\n`).join("")}\n`;
    })
    .join("");
}

async function checkReadBack(
  file: string,
  examples: readonly Example[],
  format: WrittenFormat,
): Promise<void> {
  const found = await readExamples(file, { format }).then(
    (read) => read.examples,
    (error: TorchnerError) => error,
  );
  const same = (one: Example, other: Example | undefined) =>
    one.tokens.join("\n") === other?.tokens.join("\n") &&
    one.nerTags?.join("\n") === other?.nerTags?.join("\n");
  const at = Array.isArray(found) ? examples.findIndex((one, i) => !same(one, found[i])) : 0;
  if (at < 0 && Array.isArray(found) && found.length === examples.length) return;
  const where = examples.findIndex(({ tokens }) =>
    tokens.some((token) => /^\s|\s$|[\t\r\n]|^#|^-DOCSTART-/.test(token)),
  );
  const place = Math.max(0, where >= 0 ? where : at);
  throw new TorchnerError(
    "EDATA",
    `${examplePlace(examples[place]!, place + 1)}: a sentence that ${format} cannot hold as it is ` +
      `(${JSON.stringify(examples[place]!.tokens.slice(0, 6))}); take jsonl or parquet.`,
  );
}
