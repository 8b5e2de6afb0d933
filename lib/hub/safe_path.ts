/** The one gate for file names that come from outside: a hub's listing, a shard index. */
import { TorchnerError } from "../native/errors.ts";

/**
 * The name itself, if it is a path below the folder it belongs to, with `/` between its parts.
 *
 * Refused: `..` and `.` as a part, absolute paths, drive letters and UNC names, backslashes and NUL. What is
 * harmless on this system but not on another one is refused as well, since caches and checkpoints travel.
 *
 * @param source  where the name was read, for the message.
 * @throws {TorchnerError} `ECHECKPOINT` for such a name and for anything but text.
 */
export function safePath(name: unknown, source: string): string {
  if (typeof name === "string" && isInside(name)) return name;
  throw new TorchnerError(
    "ECHECKPOINT",
    `${source} names the file ${JSON.stringify(name)}, which is not a path inside its own folder; ` +
      "nothing of it is read or written: get the files from a source you trust",
  );
}

function isInside(name: string): boolean {
  if (/[\\\0]/.test(name) || /^[a-z]:/i.test(name)) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
