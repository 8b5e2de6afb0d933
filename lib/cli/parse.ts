/**
 * From argument strings to options. The parser is our own because a mistyped learning rate must stop the run
 * with every other fault beside it, in the user's spelling, and each flag may be written in kebab-case or
 * snake_case; commander does the help.
 */

import type { GivenOptions } from "../training/check_options.ts";
import {
  booleanOfText,
  type Fault,
  readOptions,
  resolveKey,
  spellings,
  valueOfText,
} from "../training/check_options.ts";
import type { OptionTable } from "../training/option_types.ts";
import { snakeCase } from "../training/option_types.ts";
import { portedArguments } from "../training/ported_options.ts";

export interface ParsedArguments {
  given: GivenOptions;
  operands: string[];
  faults: Fault[];
}

/** One flag as it was read: its name without dashes, its value in the option's type, and how it was written. */
interface Flag {
  name: string;
  value: unknown;
  shown: string;
}

/**
 * `--name value`, `--name=value`, `--switch`, `--switch false`, `--no-switch`; `--` ends the options. The last
 * of several wins, and only that one is checked. Negative numbers are values.
 */
export function parseArguments(argv: readonly string[], table: OptionTable): ParsedArguments {
  const flags = new Map<string, Flag>();
  const operands: string[] = [];
  const faults: Fault[] = [];
  const rest = [...argv];
  while (rest.length > 0) {
    const token = rest.shift()!;
    if (token === "--") operands.push(...rest.splice(0));
    else if (token.startsWith("--")) readFlag(token, rest, table, flags, faults);
    else if (/^-[A-Za-z]/.test(token))
      faults.push({ key: token, text: "unknown option; options begin with --" });
    else operands.push(token);
  }
  const entries = [...flags.values()].map(({ name, value, shown }) => [name, value, shown] as const);
  const read = readOptions(table, entries, spellings.commandLine);
  return { given: read.given, operands, faults: [...faults, ...read.faults] };
}

function readFlag(
  token: string,
  rest: string[],
  table: OptionTable,
  flags: Map<string, Flag>,
  faults: Fault[],
): void {
  const equals = token.indexOf("=");
  const shown = equals < 0 ? token : token.slice(0, equals);
  const inline = equals < 0 ? undefined : token.slice(equals + 1);
  const name = shown.slice(2);
  const found = resolveKey(table, name);
  const set = (key: string, flag: Flag) => {
    flags.delete(key); // the last one also takes the last place
    flags.set(key, flag);
  };
  if (found && takesBoolean(found)) {
    const text = inline ?? (/^(true|false)$/i.test(rest[0] ?? "") ? rest.shift()! : "true");
    set(found.name, { name, value: booleanOfText(text), shown });
  } else if (found) {
    const text = inline ?? takeValue(rest);
    if (text === undefined) {
      const text = `needs a value; one that begins with a dash is written ${shown}=VALUE`;
      flags.delete(found.name);
      faults.push({ key: shown, text, option: found.name });
    } else set(found.name, { name, value: found.values ? text : valueOfText(found.spec, text), shown });
  } else {
    const negated = /^no[-_]/.test(name) ? resolveKey(table, name.slice(3)) : undefined;
    if (negated?.spec.type === "bool" && inline === undefined) {
      set(negated.name, { name: negated.name, value: false, shown });
      return;
    }
    const text = inline ?? takeValue(rest);
    const value = Object.hasOwn(portedArguments, snakeCase(name)) ? guessed(text) : text;
    set(name, { name, value: value ?? true, shown });
  }
}

function takesBoolean({ spec, values }: NonNullable<ReturnType<typeof resolveKey>>): boolean {
  return values ? Object.hasOwn(values, "true") : spec.type === "bool";
}

/** The next argument, unless it is itself an option. `-1` and a text with blanks are none. */
function takeValue(rest: string[]): string | undefined {
  const next = rest[0];
  if (next === undefined || next === "--" || /^--?[A-Za-z][^\s]*$/.test(next)) return undefined;
  return rest.shift();
}

function guessed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const value = booleanOfText(text);
  return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))
    ? Number(value)
    : value;
}
