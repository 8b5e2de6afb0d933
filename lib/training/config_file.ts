/** Options from a file. JSON is read as the YAML that it is: one parser, which knows each key's line. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Document, LineCounter, Node, Pair, Scalar, YAMLError } from "yaml";
import {
  type Fault,
  type GivenOptions,
  readOptions,
  resolveKey,
  spellings,
  valueOfText,
} from "./check_options.ts";
import type { OptionTable } from "./option_types.ts";

/** One key of a config. */
interface Entry {
  key: string;
  line: number;
  value: unknown;
  /** A number as it was written, for options that are text: a column's index, a name like 007. */
  number?: string;
}

/**
 * Options from a YAML or JSON file: one mapping, keys in snake_case (the other spellings are taken too), paths
 * relative to the file. Every fault is collected, each under `file:line key`; a file that cannot be used at all is
 * one fault, so that it stands beside those of the command line.
 */
export async function readConfigFile(
  path: string,
  table: OptionTable,
): Promise<{ given: GivenOptions; faults: Fault[] }> {
  let text: string;
  try {
    text = (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such config; check the path" : message;
    return { given: new Map(), faults: [{ key: path, text: why }] };
  }
  const { entries, faults } = await parseConfig(path, text);
  const lines = new Map<Fault, number>(faults.map(({ fault, line }) => [fault, line]));
  const shown = ({ key, line }: Entry) => `${path}:${line} ${key}`;
  const lineOf = new Map(entries.map((entry) => [shown(entry), entry.line]));
  const read = readOptions(
    table,
    entries
      .filter(({ key }) => key !== "$schema")
      .map((entry) => [entry.key, valueInConfig(table, entry, path), shown(entry)] as const),
    spellings.config,
  );
  for (const fault of read.faults) lines.set(fault, lineOf.get(fault.key)!);
  const inOrder = [...lines].sort(([, a], [, b]) => a - b).map(([fault]) => fault);
  return { given: read.given, faults: inOrder };
}

interface Parsed {
  entries: Entry[];
  faults: { line: number; fault: Fault }[];
}

async function parseConfig(path: string, text: string): Promise<Parsed> {
  const yaml = await import("yaml"); // only a run with a config needs it
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false });
  const broken = new Map<number, Fault>(); // one a line: what follows from the first is no news
  for (const error of [...document.errors, ...document.warnings]) {
    const { line } = counter.linePos(error.pos[0]);
    if (!broken.has(line)) broken.set(line, { key: `${path}:${line}`, text: describeBroken(error) });
  }
  if (broken.size > 0) return { entries: [], faults: [...broken].map(([line, fault]) => ({ line, fault })) };
  if (yaml.isMap(document.contents)) {
    const pairs = document.contents.items as Pair<Node, Node | null>[];
    return readPairs(path, pairs, { document, counter, isScalar: yaml.isScalar });
  }
  const why = "a config is one mapping of options, e.g. learning_rate: 5e-5";
  return { entries: [], faults: [{ line: 1, fault: { key: `${path}:1`, text: why } }] };
}

function describeBroken({ code, message }: Pick<YAMLError, "code" | "message">): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins; a config is one";
  return `not valid YAML or JSON: ${message}${code === "TAB_AS_INDENT" ? "; indent with blanks" : ""}`;
}

/** The pairs of the outermost mapping; of a repeated key, the last one. */
function readPairs(
  path: string,
  pairs: readonly Pair<Node, Node | null>[],
  {
    document,
    counter,
    isScalar,
  }: { document: Document; counter: LineCounter; isScalar: (node: unknown) => node is Scalar },
): Parsed {
  const entries = new Map<string, Entry>();
  const faults: Parsed["faults"] = [];
  for (const { key: name, value } of pairs) {
    const key = String(name);
    const { line } = counter.linePos(name.range?.[0] ?? 0);
    const place = `${path}:${line} ${key}`;
    const before = entries.get(key);
    if (before) faults.push({ line, fault: { key: place, text: `stands in line ${before.line} already` } });
    try {
      const plain: unknown = value?.toJS(document);
      const number = typeof plain === "number" && isScalar(value) ? value.source : undefined;
      entries.set(key, { key, line, value: plain, number });
    } catch (error) {
      faults.push({ line, fault: { key: place, text: (error as Error).message } });
    }
  }
  return { entries: [...entries.values()], faults };
}

/** Lists may be written as on the command line, text without quotes, and paths lead from the config's folder. */
function valueInConfig(table: OptionTable, { key, value: read, number }: Entry, config: string): unknown {
  const spec = resolveKey(table, key)?.spec;
  const value = spec?.type === "string" && !spec.pattern ? (number ?? read) : read;
  if (typeof value !== "string" || value === "") return value;
  const beside = resolve(dirname(config), value);
  if (spec?.type === "list") return existsSync(beside) ? [beside] : valueOfText(spec, value);
  if (spec?.type !== "string" || spec.path === undefined || value.startsWith("~")) return value;
  if (spec.path === "file" || (spec.path === "resume" && value !== "auto")) return beside;
  return spec.path === "source" && (/^\.{1,2}[\\/]/.test(value) || existsSync(beside)) ? beside : value;
}
