import { readFileSync } from "node:fs";

/** torchner's own version; the file lies two folders up from the source and from the compiled file alike. */
export function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
