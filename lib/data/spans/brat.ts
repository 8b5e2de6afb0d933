/** brat's standoff format: `name.txt` and, beside it, `name.ann`. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TorchnerError } from "../../native/errors.ts";
import type { Notes } from "../notes.ts";
import { type Encoding, readText } from "../read_text.ts";
import { type AnnotatedText, checkedSpan, codePointOffsets, type Span } from "./annotated_text.ts";

/** @param path  A folder of pairs, or either file of one. */
export async function readBrat(
  path: string,
  encoding: Encoding | undefined,
  notes: Notes,
): Promise<AnnotatedText[]> {
  const texts: AnnotatedText[] = [];
  for (const name of pairsAt(path)) {
    const [textFile, annotationFile] = [`${name}.txt`, `${name}.ann`];
    const text = await readText(textFile, { encoding });
    const found = statSync(annotationFile, { throwIfNoEntry: false });
    if (!found) notes.add("withoutFile", textFile);
    const annotated = found !== undefined && found.size > 0;
    const lines = annotated ? (await readText(annotationFile, { encoding })).split("\n") : [];
    const content = { text, toUtf16: codePointOffsets(text) };
    const spans = lines.flatMap((row, i) =>
      spanOf(row.trimEnd(), content, `${annotationFile}:${i + 1}`, notes),
    );
    const breaks = Array.from(text.matchAll(/\n/g), ({ index }) => index);
    texts.push({ text, spans, file: textFile, line: 1, breaks });
  }
  return texts;
}

/** Whether a folder holds standoff files. */
export function isBratFolder(path: string): boolean {
  return (
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true &&
    readdirSync(path).some((name) => name.endsWith(".ann"))
  );
}

/** Paths without their extension. */
function pairsAt(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new TorchnerError("EIO", `${path}: no such file; check the path.`);
  if (!found.isDirectory()) {
    const name = path.replace(/\.(ann|txt)$/i, "");
    if (!existsSync(`${name}.txt`)) throw withoutText(path);
    return [name];
  }
  const files = readdirSync(path).sort();
  const alone = files.find((name) => name.endsWith(".ann") && !files.includes(name.replace(/ann$/, "txt")));
  if (alone) throw withoutText(join(path, alone));
  const names = files
    .filter((name) => name.endsWith(".txt"))
    .map((name) => join(path, name.slice(0, -".txt".length)));
  if (names.length > 0) return names;
  throw new TorchnerError(
    "EDATA",
    `${path}: no .txt file in the folder; give brat's folder of .txt and .ann files.`,
  );
}

function withoutText(file: string): TorchnerError {
  const text = file.replace(/ann$/i, "txt");
  return new TorchnerError(
    "EDATA",
    `${file}:1: there is no ${text}; brat's annotations lie beside their text.`,
  );
}

/** `T1<tab>PER 0 5;10 15<tab>text` is an entity; other lines are relations, events, attributes and notes. */
function spanOf(
  row: string,
  { text, toUtf16 }: { text: string; toUtf16: ReturnType<typeof codePointOffsets> },
  place: string,
  notes: Notes,
): Span[] {
  if (row === "") return [];
  const entity = /^T\d+\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?$/.exec(row);
  if (!entity) {
    if (row.startsWith("T")) {
      throw new TorchnerError(
        "EDATA",
        `${place}: not brat's T1<tab>LABEL START END<tab>TEXT; repair the line.`,
      );
    }
    notes.add("otherLines", `${place} ${row.split("\t")[0]}`);
    return [];
  }
  const [, label, ranges, written] = entity;
  const parts = ranges!.split(";").map((range) => range.split(" ").map(Number));
  if (parts.length > 1) notes.add("discontinuous", `${place} ${label} ${ranges}`);
  const span = checkedSpan({ start: parts[0]![0], end: parts.at(-1)![1], label }, toUtf16, place);
  const found = parts.map(([start, end]) => text.slice(toUtf16(start!), toUtf16(end!))).join(" ");
  if (written !== undefined && plain(written) !== plain(found)) {
    notes.add("otherText", `${place} ${JSON.stringify(written)} but ${JSON.stringify(found)}`);
  }
  return [span];
}

/** brat writes a line break in a span as a blank. */
const plain = (text: string) => text.replace(/\s+/g, " ").trim();
