import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import {
  type Fault,
  type GivenOptions,
  readOptions,
  resolveKey,
  spellings,
  valueOfText,
} from "./check_options.ts";
import type { OptionTable } from "./option_types.ts";

/**
 * Options from a JSON file: one object, keys in snake_case (the other spellings are taken too), paths relative
 * to the file. Every fault is collected, each under `file:line key`; a file that cannot be used at all is one
 * fault, so that it stands beside those of the command line.
 */
export async function readConfigFile(
  path: string,
  table: OptionTable,
): Promise<{ given: GivenOptions; faults: Fault[] }> {
  const given: GivenOptions = new Map();
  if ([".yaml", ".yml"].includes(extname(path).toLowerCase())) {
    const remedy = "write the same keys as one JSON object, in a file that ends in .json";
    return { given, faults: [{ key: path, text: `this version does not read YAML configs yet; ${remedy}` }] };
  }
  let text: string;
  try {
    text = (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      given,
      faults: [{ key: path, text: code === "ENOENT" ? "no such config; check the path" : message }],
    };
  }
  const content = parseObject(path, text);
  if ("fault" in content) return { given, faults: [content.fault] };
  const lines = new Map<string, number>();
  const faults: Fault[] = [];
  for (const { key, line } of topLevelKeys(text)) {
    const before = lines.get(key);
    if (before !== undefined)
      faults.push({ key: `${path}:${line} ${key}`, text: `stands in line ${before} already` });
    lines.set(key, line);
  }
  const entries = Object.entries(content.object).map(
    ([key, value]) =>
      [key, valueInConfig(table, key, value, path), `${path}:${lines.get(key)} ${key}`] as const,
  );
  const read = readOptions(table, entries, spellings.config);
  return { given: read.given, faults: [...faults, ...read.faults] };
}

function parseObject(path: string, text: string): { object: Record<string, unknown> } | { fault: Fault } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const what = message.replace(/ \(line \d+ column \d+\)$/, "");
    return { fault: { key: `${path}:${lineAt(text, position)}`, text: `not valid JSON: ${what}` } };
  }
  if (typeof content === "object" && content !== null && !Array.isArray(content)) {
    return { object: content as Record<string, unknown> };
  }
  return { fault: { key: `${path}:1`, text: "a config is one JSON object of options" } };
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** Keys of the outermost object with their lines, repeated ones too, which `JSON.parse` drops. Expects valid JSON. */
function topLevelKeys(text: string): { key: string; line: number }[] {
  const keys: { key: string; line: number }[] = [];
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const [token, colon] = match;
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && colon !== undefined) {
      const key = JSON.parse(token.slice(0, token.length - colon.length)) as string;
      keys.push({ key, line: lineAt(text, match.index) });
    }
  }
  return keys;
}

/** Lists may be written as on the command line, and paths lead from the config's folder. */
function valueInConfig(table: OptionTable, key: string, value: unknown, config: string): unknown {
  const spec = resolveKey(table, key)?.spec;
  if (typeof value !== "string" || value === "") return value;
  const beside = resolve(dirname(config), value);
  if (spec?.type === "list") {
    return existsSync(beside) ? [beside] : valueOfText(spec, value);
  }
  if (spec?.type !== "string") return value;
  if (spec.path === "file") return beside;
  return spec.path === "source" && (/^\.{1,2}[\\/]/.test(value) || existsSync(beside)) ? beside : value;
}
