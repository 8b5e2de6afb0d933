import { constants, isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { checkChoice } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";

const newline = 0x0a;

export const encodings = ["utf-8", "latin1"] as const;
export type Encoding = (typeof encodings)[number];

/** @throws {TorchnerError} `EIO` where the file cannot be read, `EDATA` where it is empty. */
export async function readBytes(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(file, cause);
  });
  if (bytes.length > 0) return bytes;
  throw new TorchnerError("EDATA", `${file}:1: the file is empty; give a file with at least one sentence.`);
}

/**
 * A data file's text: UTF-8 unless told otherwise, a byte order mark at its very start taken off (elsewhere U+FEFF is a
 * character like any other, and real words hold it).
 *
 * @throws {TorchnerError} `EARG` for another encoding, `EIO` where the file cannot be read, `EDATA` naming the line that
 *   is not UTF-8.
 */
export async function readText(file: string, options: { encoding?: Encoding } = {}): Promise<string> {
  const encoding = checkChoice("encoding (--encoding)", options.encoding ?? "utf-8", encodings);
  const bytes = await readBytes(file);
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new TorchnerError(
      "EDATA",
      `${file}: ${bytes.length} bytes are more than the ${constants.MAX_STRING_LENGTH} that one file may have; split it.`,
    );
  }
  if (encoding === "latin1") return bytes.toString("latin1");
  if (!isUtf8(bytes)) throw notUtf8(file, bytes);
  const text = bytes.toString("utf8");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The error of a data file that the file system does not give. */
export function unreadable(file: string, cause: NodeJS.ErrnoException): TorchnerError {
  return new TorchnerError("EIO", `${file}: ${whyUnreadable(cause)}`, { cause });
}

function whyUnreadable(cause: NodeJS.ErrnoException): string {
  if (cause.code === "ENOENT") return "no such file; check the path.";
  if (cause.code === "EISDIR") return "is a folder; give the path of a data file.";
  if (cause.code === "EACCES") return "no permission to read it; change the file's mode or owner.";
  return `cannot be read (${cause.message}); check the path and the disk.`;
}

function notUtf8(file: string, bytes: Buffer): TorchnerError {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) {
    return new TorchnerError(
      "EDATA",
      `${file}:1: the file is UTF-16; convert it, e.g. iconv -f UTF-16 -t UTF-8.`,
    );
  }
  let line = 1;
  // A multi-byte character never holds the newline byte, so each line is valid or not by itself.
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return new TorchnerError(
    "EDATA",
    `${file}:${line}: not UTF-8; give encoding: "latin1" (--encoding latin1) if that is what it is, or repair the line.`,
  );
}
