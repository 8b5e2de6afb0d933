import type { EntityScores } from "../metrics/entities.ts";
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
  const percent = (share: number) => (100 * share).toFixed(2);
  const scored = (name: string, { precision, recall, f1, number }: typeof all) =>
    row(name, [percent(precision), percent(recall), percent(f1), number.toLocaleString("en-US")]);
  return [
    paint("bold", row("", ["precision", "recall", "F1", "entities"])),
    ...types.map(([type, one]) => scored(type, one)),
    paint("bold", scored("overall", all)),
  ].join("\n");
}
