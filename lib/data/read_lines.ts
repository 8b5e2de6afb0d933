/** Texts that stand one a line, read as they come: memory holds a line, not the input. */
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { TorchnerError } from "../native/errors.ts";
import { unreadable } from "./read_text.ts";

const newline = 0x0a;

/** @throws {TorchnerError} `EIO` where the file cannot be read, `EDATA` naming the line that is not UTF-8. */
export async function* readFileLines(file: string): AsyncGenerator<string, void, undefined> {
  const stream = createReadStream(file);
  try {
    yield* readLines(stream, file);
  } catch (error) {
    throw error instanceof TorchnerError ? error : unreadable(file, error as NodeJS.ErrnoException);
  }
}

/**
 * Lines without their ends (`\n` or `\r\n`); a byte order mark at the very start is left out.
 * @param name  What messages call the stream.
 * @throws {TorchnerError} `EDATA` with name:line for a line that is not UTF-8.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer | string>,
  name: string,
): AsyncGenerator<string, void, undefined> {
  let line = 0;
  /** Pieces of a line whose end has not come yet. */
  let open: Buffer[] = [];
  const textOf = (bytes: Buffer) => {
    line++;
    if (!isUtf8(bytes)) {
      throw new TorchnerError("EDATA", `${name}:${line}: not UTF-8; convert it first, e.g. with iconv.`);
    }
    const text = bytes.toString("utf8");
    const start = line === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return text.slice(start, text.endsWith("\r") ? -1 : undefined);
  };
  for await (const chunk of stream) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      open.push(bytes.subarray(start, end));
      yield textOf(open.length === 1 ? open[0]! : Buffer.concat(open));
      open = [];
      start = end + 1;
    }
    if (start < bytes.length) open.push(bytes.subarray(start));
  }
  if (open.length > 0) yield textOf(Buffer.concat(open));
}
