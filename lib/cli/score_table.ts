import type { Comparison } from "../metrics/bootstrap.ts";
import type { EntityScores } from "../metrics/entities.ts";
import { grouped, percent, signedPercent } from "./figures.ts";
import type { Paint } from "./terminal.ts";

/** Precision, recall and F1 in percent for each type and over all, and the number of gold entities. */
export function scoreTable(scores: EntityScores, paint: Paint): string {
  const types = Object.entries(scores.types);
  const entities = types.reduce((total, [, { number }]) => total + number, 0);
  const all = {
    precision: scores.overall_precision,
    recall: scores.overall_recall,
    f1: scores.overall_f1,
    number: entities,
  };
  const width = Math.max("overall".length, ...types.map(([type]) => type.length));
  const row = (name: string, cells: string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join("")}`;
  const scored = (name: string, { precision, recall, f1, number }: typeof all) =>
    row(name, [percent(precision), percent(recall), percent(f1), grouped(number)]);
  return [
    paint("bold", row("", ["precision", "recall", "F1", "entities"])),
    ...types.map(([type, one]) => scored(type, one)),
    paint("bold", scored("overall", all)),
  ].join("\n");
}

/** Several systems side by side; with comparisons, each but the first has its difference from the first. */
export function comparisonTable(
  systems: readonly { name: string; scores: EntityScores }[],
  comparisons: readonly Comparison[],
  paint: Paint,
): string {
  const width = Math.max(...systems.map(({ name }) => name.length));
  const row = (name: string, cells: readonly string[], rest = "") =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join("")}${rest}`.trimEnd();
  const lines = systems.map(({ name, scores }, i) => {
    const { overall_precision, overall_recall, overall_f1, overall_accuracy } = scores;
    const cells = [overall_precision, overall_recall, overall_f1, overall_accuracy].map(percent);
    const found = comparisons[i - 1];
    if (!found) return row(name, cells);
    const range = `${signedPercent(found.low)} to ${signedPercent(found.high)}`;
    return row(name, [...cells, signedPercent(found.difference)], `  ${range.padEnd(18)}  ${pValue(found)}`);
  });
  const headings = ["precision", "recall", "F1", "accuracy"];
  const more = comparisons.length > 0 ? ["change"] : [];
  const rest = comparisons.length > 0 ? `  ${"95 % of resamples".padEnd(18)}  p` : "";
  return [paint("bold", row("", [...headings, ...more], rest)), ...lines].join("\n");
}

function pValue({ pValue: value, samples }: Comparison): string {
  return value <= 1 / samples ? `< ${1 / samples}` : value.toFixed(4);
}
