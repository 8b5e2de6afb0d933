import type { Fault, GivenOptions } from "../training/check_options.ts";
import { kebabCase, type OptionTable } from "../training/option_types.ts";
import type { Terminal } from "./terminal.ts";

/** What a command was called with; every option has passed its own check. */
export interface Invocation {
  given: GivenOptions;
  /** What stood beside the options. */
  operands: string[];
  /** All of it, as it was typed behind the command's name. */
  typed: readonly string[];
  terminal: Terminal;
}

/** Something about the options that only the command knows: what is missing, or does not go together. */
export type Completion = (call: Pick<Invocation, "given" | "operands">) => Fault[] | Promise<Fault[]>;

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What may stand beside the options, as help shows it: `[CONFIG]`. */
  operand?: string;
  options: OptionTable;
  /** Heading of each option group, in the order of help. */
  groupTitles: Readonly<Record<string, string>>;
  examples: readonly string[];
  /** May add to `given` what follows from it (a config's content); its faults are shown beside the parser's. */
  complete?: Completion;
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** Options that every command has. */
export const commonOptions = {
  json: {
    type: "bool",
    group: "common",
    default: false,
    help: "print exactly one JSON document on standard output",
  },
  quiet: {
    type: "bool",
    group: "common",
    default: false,
    help: "print no progress, only results and warnings",
  },
} as const satisfies OptionTable;

/**
 * The fault of a command that cannot do without this option.
 * @param what  What to give, as the end of a sentence.
 */
export function missingOption(given: GivenOptions, name: string, what: string): Fault[] {
  return given.has(name)
    ? []
    : [{ key: `--${kebabCase(name)} is missing`, text: `give ${what}`, option: name }];
}
