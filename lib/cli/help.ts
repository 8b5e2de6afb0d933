import { Command as Commander, type HelpConfiguration, Option } from "commander";
import { kebabCase, type OptionSpec } from "../training/option_types.ts";
import type { Command } from "./command.ts";
import { commonOptions } from "./command.ts";

const exits = `Exit codes: 0 ok, 2 usage, 3 data or checkpoint, 4 environment, 5 out of memory,
6 non-finite loss, 7 input/output, 75 stopped and resumable,
130 interrupted, 143 terminated`;

const commonTitle = "Everywhere:";

/** Columns of the flags; what is longer has its description below it. */
const flagWidth = 34;

const layout: HelpConfiguration = {
  padWidth: (command, helper) => Math.min(flagWidth, helper.longestOptionTermLength(command, helper)),
  formatItem(term, width, description, helper) {
    const indent = " ".repeat(width + 4);
    const lines = helper.boxWrap(description, (helper.helpWidth ?? 80) - indent.length);
    const text = lines.replaceAll("\n", `\n${indent}`);
    return term.length > width ? `  ${term}\n${indent}${text}` : `  ${term.padEnd(width)}  ${text}`;
  },
};

/** `torchner --help`. */
export function overview(commands: readonly Command[]): string {
  const program = new Commander("torchner").usage("COMMAND [options]");
  program.description("Fine-tune BERT for named-entity recognition, and use the result.");
  for (const { name, summary } of commands) {
    program.addCommand(new Commander(name).summary(summary).helpOption(false));
  }
  program.helpCommand(false).helpOption("-h, --help", "show this, or with a command its options");
  program.option("-V, --version", "show the version");
  return `${program.helpInformation()}\n${exits}\n`;
}

/** `torchner COMMAND --help`: options by group with their defaults, then examples. */
export function commandHelp(command: Command): string {
  const program = new Commander(`torchner ${command.name}`).configureHelp(layout);
  program.usage(["[options]", command.operand].filter(Boolean).join(" ")).description(command.summary);
  for (const [group, title] of Object.entries({ ...command.groupTitles, common: commonTitle })) {
    for (const [name, spec] of Object.entries({ ...command.options, ...commonOptions })) {
      if (spec.group === group)
        program.addOption(new Option(flag(name, spec), describe(spec)).helpGroup(title));
    }
  }
  program.addOption(new Option("-h, --help", "show this").helpGroup(commonTitle)).helpOption(false);
  const examples = command.examples.map((line) => `  $ ${line}`).join("\n");
  return `${program.helpInformation()}\nExamples:\n${examples}\n`;
}

function flag(name: string, spec: OptionSpec): string {
  const dashed = `--${kebabCase(name)}`;
  switch (spec.type) {
    case "bool":
      return dashed;
    case "enum":
      return `${dashed} <${choicesOf(spec) ? "NAME" : spec.choices.join("|")}>`;
    case "int":
      return `${dashed} <N>`;
    case "float":
      return `${dashed} <X>`;
    case "list":
      if ("choices" in spec) return `${dashed} <${[...spec.choices, ...Object.keys(spec.words)].join("|")}>`;
      return `${dashed} <${spec.placeholder}>`;
    default:
      return `${dashed} <${spec.placeholder}>`;
  }
}

/** The choices where they are too long to stand with the flag. */
function choicesOf(spec: OptionSpec): string | undefined {
  if (spec.type !== "enum" || spec.choices.join("|").length <= 40) return undefined;
  return spec.choices.join(", ");
}

/** Small numbers as people write them: 5e-5. */
export function shownValue(value: unknown): string {
  const tiny = typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3;
  return tiny ? value.toExponential() : String(value);
}

function describe(spec: OptionSpec): string {
  const { help, shownDefault, default: fixed } = spec;
  const shown = shownDefault ?? (fixed === undefined || fixed === false ? undefined : shownValue(fixed));
  const older = [...(spec.aliases ?? []), ...Object.keys(spec.switches ?? {})];
  const names = older.length > 0 ? `; also --${older.map(kebabCase).join(", --")}` : "";
  const choices = choicesOf(spec);
  const which = choices === undefined ? "" : `: ${choices}`;
  return `${help}${which}${names}${shown === undefined ? "" : ` (default: ${shown})`}`;
}
