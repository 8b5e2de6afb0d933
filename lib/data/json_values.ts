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
  if (whole === undefined && /^\s*\{/.test(text)) return jsonLines(text, file);
  const content = whole === undefined ? parseJson(text, `${file}:${lineOfFault(text)}`) : whole.value;
  if (!Array.isArray(content)) return [valueAt(content, 1, file)];
  const lines = linesOfElements(text, 1);
  return content.map((value, i) => valueAt(value, lines[i] ?? 1, file));
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

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** V8 names the offset at which it gave up. */
function lineOfFault(text: string): number {
  try {
    JSON.parse(text);
    return 1;
  } catch (error) {
    const offset = Number(/at position (\d+)/.exec((error as Error).message)?.[1] ?? text.length);
    return text.slice(0, offset).split("\n").length;
  }
}

/** Lines on which the objects and arrays begin that lie inside `depth` brackets. Expects valid JSON. */
export function linesOfElements(text: string, depth: number): number[] {
  const lines: number[] = [];
  let open = 0;
  let line = 1;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]\n]/g)) {
    if (token === "\n") line++;
    else if (token === "{" || token === "[") {
      if (open === depth) lines.push(line);
      open++;
    } else if (token === "}" || token === "]") open--;
  }
  return lines;
}
