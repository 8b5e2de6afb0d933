import { parseJson } from "./jsonl_reader.ts";

/** A value of a JSON file and where it begins. */
export interface JsonValue {
  value: unknown;
  line: number;
  /** `file:line` */
  place: string;
}

/**
 * The values of a JSON file: the elements of its array, or (JSON lines) one a line; any other document is one value.
 * @throws {TorchnerError} `EDATA` with file:line for what is not JSON.
 */
export function jsonValues(text: string, file: string): JsonValue[] {
  const whole = parsed(text);
  if (whole === undefined && (/^\s*\{/.test(text) || parsed(firstLine(text)))) return jsonLines(text, file);
  const content = whole === undefined ? parseJson(text, `${file}:${lineOfFault(text)}`) : whole.value;
  if (!Array.isArray(content)) return [valueAt(content, 1, file)];
  const lines = linesOfElements(text);
  return content.map((value, i) => valueAt(value, lines[i] ?? 1, file));
}

function firstLine(text: string): string {
  return /\S[^\n]*/.exec(text)?.[0] ?? "";
}

function jsonLines(text: string, file: string): JsonValue[] {
  const values: JsonValue[] = [];
  for (const [i, row] of text.split("\n").entries()) {
    if (row.trim() === "") continue;
    values.push(valueAt(parseJson(row, `${file}:${i + 1}`), i + 1, file));
  }
  return values;
}

function valueAt(value: unknown, line: number, file: string): JsonValue {
  return { value, line, place: `${file}:${line}` };
}

/** Undefined for what is not JSON. */
export function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/**
 * V8 names the offset at which it gave up, but not of a token such as NaN: then the first line is looked for whose text,
 * with all that comes before, already has the fault.
 */
function lineOfFault(text: string): number {
  const message = faultIn(text);
  const offset = /at position (\d+)/.exec(message)?.[1];
  if (offset !== undefined) return text.slice(0, Number(offset)).split("\n").length;
  const rows = text.trimEnd().split("\n");
  const has = (count: number) => faultIn(rows.slice(0, count).join("\n")).startsWith("Unexpected token");
  if (!has(rows.length)) return rows.length;
  let from = 1;
  for (let to = rows.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (has(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function faultIn(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Strings (unrolled: a choice for each character would overflow the stack on long texts), brackets, and what is between. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:\n]|[^\s"{}[\],:]+/g;

/**
 * Lines on which the elements begin of the array that is the document or, with `key`, stands under that key of it.
 * Expects valid JSON.
 */
export function linesOfElements(text: string, key?: string): number[] {
  const depth = key === undefined ? 1 : 2;
  let lines: number[] = [];
  let open = 0;
  let line = 1;
  let name: string | undefined;
  let last = "";
  let inside = false;
  for (const [part] of text.matchAll(token)) {
    if (part === "\n") {
      line++;
      continue;
    }
    if (inside && open === depth && part !== "]" && (last === "[" || last === ",")) lines.push(line);
    if (part === ":" && open === 1) name = JSON.parse(last);
    if (part === "[" && open === depth - 1 && (key === undefined || name === key)) {
      inside = true;
      lines = []; // of two equal keys the last one counts
    }
    if (part === "{" || part === "[") open++;
    else if (part === "}" || part === "]") open--;
    if (open < depth) inside = false;
    last = part;
  }
  return lines;
}
