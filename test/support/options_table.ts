import { shownValue } from "../../lib/cli/help.ts";
import type { OptionSpec } from "../../lib/training/option_types.ts";
import { groupTitles, trainOptions } from "../../lib/training/options.ts";

const code = (text: string) => `\`${text}\``;

function values(spec: OptionSpec): string {
  if (spec.type === "enum") return spec.choices.map(code).join(", ");
  if (spec.type === "list" && "choices" in spec)
    return [...spec.choices, ...Object.keys(spec.words)].map(code).join(", ");
  if (spec.type === "bool") return "`true`, `false`";
  if (spec.type === "int") return "whole number";
  if (spec.type === "float") return "number";
  return code(spec.placeholder);
}

function byDefault({ default: fixed, shownDefault }: OptionSpec): string {
  if (shownDefault !== undefined) return shownDefault;
  return fixed === undefined ? "" : code(shownValue(fixed));
}

function row(name: string, spec: OptionSpec): string {
  const others = [...(spec.aliases ?? []), ...Object.keys(spec.switches ?? {})];
  const also = others.length === 0 ? "" : `; also ${others.map(code).join(", ")}`;
  const cells = [code(name), values(spec), byDefault(spec), `${spec.help}${also}`];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The tables of docs/training.md: one for each group of options, in the order of help. */
export function optionTables(): string {
  const rows = Object.entries(trainOptions) as [string, OptionSpec][];
  return Object.entries(groupTitles)
    .map(([group, title]) => {
      const own = rows.filter(([, spec]) => spec.group === group).map(([name, spec]) => row(name, spec));
      return [
        `### ${title.replace(":", "")}`,
        "",
        "| option | values | default | meaning |",
        "|---|---|---|---|",
        ...own,
      ].join("\n");
    })
    .join("\n\n");
}
