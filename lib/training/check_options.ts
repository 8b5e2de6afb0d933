import { homeFolder } from "../../third_party/paths.mjs";
import { shown } from "../messages/checks.ts";
import { didYouMean, nearestNames } from "../messages/suggest.ts";
import {
  camelCase,
  kebabCase,
  type NumberRange,
  type OptionSpec,
  type OptionTable,
  type Switch,
  snakeCase,
} from "./option_types.ts";
import { runOptions, trainingOptions } from "./options.ts";
import { portedArguments, portedFault, portedFields } from "./ported_options.ts";

/** One thing that is wrong with what was given: the key as it was written, and why. */
export interface Fault {
  key: string;
  text: string;
  /** The option's name in the table, where the key is one. */
  option?: string;
}

/** Writes an option's snake_case name in the spelling of the place the fault is shown. */
export type Spell = (name: string) => string;

export const spellings = {
  typescript: camelCase,
  config: (name: string) => name,
  commandLine: (name: string) => `--${kebabCase(name)}`,
} as const satisfies Record<string, Spell>;

/** Options that passed their own check: by snake_case name, the value and the key as written. */
export type GivenOptions = Map<string, GivenOption>;

export interface GivenOption {
  key: string;
  value: unknown;
  /** Nobody wrote it: it follows from other options. */
  implied?: boolean;
}

/** What a key means: an option of the table, another spelling of some of its values, or nothing that is known. */
export function resolveKey(
  table: OptionTable,
  key: string,
): { name: string; spec: OptionSpec; values?: Switch } | undefined {
  const asked = snakeCase(key);
  if (Object.hasOwn(table, asked)) return { name: asked, spec: table[asked]! };
  for (const [name, spec] of Object.entries(table)) {
    if (spec.aliases?.includes(asked)) return { name, spec };
    const values = spec.switches && Object.hasOwn(spec.switches, asked) ? spec.switches[asked] : undefined;
    if (values) return { name, spec, values };
  }
  return undefined;
}

/** Every key a table answers to, in snake_case. */
export function knownKeys(table: OptionTable): string[] {
  return Object.entries(table).flatMap(([name, spec]) => [
    name,
    ...(spec.aliases ?? []),
    ...Object.keys(spec.switches ?? {}),
  ]);
}

/**
 * Checks keys and values one by one and collects every fault instead of stopping at the first.
 * null and undefined mean "not given". Two keys for one option are a fault unless they say the same.
 * @param entries  Keys in any of the three spellings, and how messages show them (default: the key itself).
 */
export function readOptions(
  table: OptionTable,
  entries: Iterable<readonly [key: string, value: unknown, shown?: string]>,
  spell: Spell,
): { given: GivenOptions; faults: Fault[] } {
  const given: GivenOptions = new Map();
  const faults: Fault[] = [];
  for (const [name, value, key = name] of entries) {
    const found = resolveKey(table, name);
    if (!found) {
      const text = unknownKey(table, name, value, spell);
      if (text) faults.push({ key, text });
      continue;
    }
    if (value === undefined || value === null) continue;
    const text = found.values ? wrongSwitch(found.values, value) : wrongValue(found.spec, value);
    if (text) {
      faults.push({ key, text, option: found.name });
      continue;
    }
    const meant = found.values ? found.values[String(value)] : meaningOf(found.spec, value);
    const other = given.get(found.name);
    if (other && JSON.stringify(other.value) !== JSON.stringify(meant)) {
      faults.push({
        key,
        option: found.name,
        text: `says something else than ${other.key}, which is the same option`,
      });
      continue;
    }
    given.set(found.name, { key, value: meant });
  }
  return { given, faults };
}

/** Why a key that is not in the table is refused; undefined where its value asks for nothing anyway. */
function unknownKey(table: OptionTable, key: string, value: unknown, spell: Spell): string | undefined {
  const name = snakeCase(key);
  const ported = portedOf(table);
  if (Object.hasOwn(ported, name)) return portedFault(ported[name]!, value);
  if (table === trainingOptions && Object.hasOwn(runOptions, name)) {
    return "is an option of torchner train, not of TrainingArguments; leave it out";
  }
  const hint = didYouMean(key, knownKeys(table), spell);
  if (spell !== spellings.config) return `unknown option${hint}`;
  return `unknown key${hint || (isPlainObject(value) ? "; a config has no sections, options stand at the left" : "")}`;
}

/** The arguments without an engine that a table's users bring along; none but for training. */
function portedOf(table: OptionTable): typeof portedFields {
  if (table === trainingOptions) return portedFields;
  return Object.hasOwn(table, "train_file") ? portedArguments : {};
}

function wrongSwitch(values: Switch, value: unknown): string | undefined {
  if (Object.hasOwn(values, "true")) return wrongBoolean(value);
  if (typeof value === "string" && Object.hasOwn(values, value)) return undefined;
  return wrongChoice(Object.keys(values), value);
}

function wrongBoolean(value: unknown): string | undefined {
  if (typeof value === "boolean") return undefined;
  const meant = { yes: "true", on: "true", no: "false", off: "false" }[asWritten(value).toLowerCase()];
  return `must be true or false, got ${shown(value)}${meant ? `; did you mean ${meant}?` : ""}`;
}

/** What may have been meant by it; the text of anything else says nothing, and not everything has one. */
function asWritten(value: unknown): string {
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "";
}

function wrongChoice(
  choices: readonly string[],
  value: unknown,
  remedies: OptionSpec["remedies"] = {},
): string {
  const remedy = typeof value === "string" && Object.hasOwn(remedies, value) ? remedies[value] : undefined;
  if (remedy) return `must be ${oneOf(choices)}, got ${shown(value)}; ${remedy}`;
  // What YAML 1.1 reads where someone writes `eval_strategy: no`.
  const off = choices.includes("no") && /^(false|off|none)$/i.test(asWritten(value));
  const [near] = off ? ["no"] : nearestNames(asWritten(value), choices);
  return `must be ${oneOf(choices)}, got ${shown(value)}${near ? `; did you mean ${near}?` : ""}`;
}

/** Why `value` cannot be this option's value, or undefined. */
export function wrongValue(spec: OptionSpec, value: unknown): string | undefined {
  switch (spec.type) {
    case "bool":
      return wrongBoolean(value);
    case "int":
    case "float":
      return wrongNumber(spec, value);
    case "enum":
      if (typeof value === "string" && spec.choices.includes(value)) return undefined;
      return wrongChoice(spec.choices, value, spec.remedies);
    case "list":
      return "choices" in spec ? wrongChoices(spec, value) : wrongNames(value);
    case "object":
      if (isPlainObject(value)) return undefined;
      return `must be an object of names and values, got ${shown(value)}`;
    case "string":
      if (spec.orBool && typeof value === "boolean") return undefined;
      if (typeof value !== "string" || value === "") return `must be text, got ${shown(value)}`;
      if (spec.pattern && !spec.pattern.test(value)) return `must be ${spec.expects}, got ${shown(value)}`;
      return undefined;
  }
}

function wrongNames(value: unknown): string | undefined {
  const names = Array.isArray(value) && value.length > 0 ? value : [undefined];
  if (names.every((item) => typeof item === "string" && item)) return undefined;
  return `must be a list of names, got ${shown(value)}`;
}

function wrongChoices(
  { choices, words, remedies }: Extract<OptionSpec, { choices: unknown; words: unknown }>,
  value: unknown,
): string | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const known = [...choices, ...Object.keys(words)];
  const wrong = items.findIndex((item) => typeof item !== "string" || !known.includes(item));
  if (wrong >= 0) return wrongChoice(known, items[wrong], remedies);
  const word = items.find((item) => Object.hasOwn(words, item as string));
  return word !== undefined && items.length > 1
    ? `${word} stands alone; leave it or the others out`
    : undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value behind a checked one: a list for a name or a word that stands for it, a path without `~`. */
function meaningOf(spec: OptionSpec, value: unknown): unknown {
  if (spec.type === "string" && spec.path !== undefined && typeof value === "string") {
    return value.replace(/^~(?=$|[\\/])/, homeFolder());
  }
  if (spec.type !== "list" || !("choices" in spec)) return value;
  const items = (Array.isArray(value) ? value : [value]) as readonly string[];
  return [...new Set(items.flatMap((item) => spec.words[item] ?? [item]))];
}

function wrongNumber(spec: NumberRange & { type: "int" | "float" }, value: unknown): string | undefined {
  const wanted = spec.type === "int" ? "a whole number" : "a number";
  if (typeof value !== "number" || !Number.isFinite(value)) return `must be ${wanted}, got ${shown(value)}`;
  if (value === spec.orElse) return undefined;
  const whole = spec.type === "int" || (spec.wholeFrom !== undefined && value >= spec.wholeFrom);
  const inside =
    (spec.min === undefined || value >= spec.min) &&
    (spec.above === undefined || value > spec.above) &&
    (spec.max === undefined || value <= spec.max) &&
    (spec.below === undefined || value < spec.below);
  if (inside && (!whole || Number.isSafeInteger(value))) return undefined;
  const range = describeRange(spec);
  return `must be ${whole ? "a whole number" : "a number"}${range ? ` ${range}` : ""}, got ${shown(value)}`;
}

/** `of at least 0 and below 1`; empty where anything goes. */
export function describeRange(range: NumberRange): string {
  const parts = [
    range.min !== undefined && `of at least ${range.min}`,
    range.above !== undefined && `above ${range.above}`,
    range.max !== undefined && `at most ${range.max}`,
    range.below !== undefined && `below ${range.below}`,
  ].filter((part) => part !== false);
  const inside = parts.join(" and ");
  return range.orElse === undefined ? inside : `${inside}, or ${range.orElse}`;
}

/**
 * A value that came as text (a flag's, a cell's), in the option's own type; text that is no such value is left
 * for the check, which says what it should have been.
 */
export function valueOfText(spec: OptionSpec, text: string): unknown {
  switch (spec.type) {
    case "list":
      return text.split(",").map((item) => item.trim());
    case "bool":
      return booleanOfText(text);
    case "object":
      return objectOfText(text);
    case "int":
    case "float": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      return Number.isNaN(value) ? text : value;
    }
    case "string":
      return spec.orBool ? booleanOfText(text) : text;
    case "enum":
      return text;
  }
}

/** `True` and `False` are what Python prints and its command lines take. */
export function booleanOfText(text: string): unknown {
  return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text;
}

function objectOfText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `a, b or c`. */
export function oneOf(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join("") : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/** All options of a table under their camelCase names: what was given, else the default. */
export function withDefaults(table: OptionTable, given: GivenOptions): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    values[camelCase(name)] = given.has(name) ? given.get(name)!.value : spec.default;
  }
  return values;
}

/** `key: text` for one fault; a count and one line each for several. */
export function describeFaults(faults: readonly Fault[]): string {
  const lines = faults.map(({ key, text }) => `${key}: ${text}`);
  return lines.length === 1 ? lines[0]! : `${lines.length} faults:\n  ${lines.join("\n  ")}`;
}
