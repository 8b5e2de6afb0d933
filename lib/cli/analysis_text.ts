import type { Analysis, GroupScore, Mistake } from "../metrics/analysis.ts";
import { grouped, percent } from "./figures.ts";
import type { Paint } from "./terminal.ts";

/** The analysis of an evaluation as tables for a terminal. */
export function analysisText(analysis: Analysis, paint: Paint): string {
  const { counts, calibration } = analysis;
  const heading = (text: string) => `\n${paint("bold", text)}`;
  return [
    heading("Entities"),
    Object.entries(counts)
      .map(([kind, count]) => `${kind} ${grouped(count)}`)
      .join(", "),
    heading("Gold (rows) and what it was taken for"),
    confusionTable(analysis.confusion),
    heading("Most frequent mistakes"),
    ...analysis.mistakes.slice(0, 10).map(mistakeLine),
    heading("By length in words"),
    groupTable(analysis.by_length),
    ...(analysis.by_seen ? [heading("By what the training file has"), groupTable(analysis.by_seen)] : []),
    heading("Leaving out what is less sure"),
    table(
      ["score from", "precision", "recall", "F1"],
      analysis.by_threshold.map((one) => [
        ...[String(one.threshold), percent(one.precision), percent(one.recall), percent(one.f1)],
      ]),
    ),
    `\ncalibration error: words ${percent(calibration.words)}, entities ${percent(calibration.entities)}`,
  ].join("\n");
}

function groupTable(groups: Record<string, GroupScore>): string {
  return table(
    ["", "precision", "recall", "F1", "entities"],
    Object.entries(groups).map(([name, one]) => [
      ...[name.replace("_", " "), percent(one.precision), percent(one.recall), percent(one.f1)],
      grouped(one.number),
    ]),
  );
}

function confusionTable(confusion: Analysis["confusion"]): string {
  const names = Object.keys(confusion);
  return table(
    ["", ...names],
    names.map((row) => [row, ...names.map((column) => String(confusion[row]![column]))]),
  );
}

/** The first column to the left, figures to the right. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  return [headings, ...rows]
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]! + 2))).join(""),
    )
    .join("\n");
}

function mistakeLine({ kind, gold, predicted, count, places }: Mistake): string {
  const shown = (one: { type: string; text: string } | undefined) =>
    one ? `${one.type} "${one.text}"` : "nothing";
  return `${String(count).padStart(4)}x ${kind.padEnd(8)}  ${shown(gold)} -> ${shown(predicted)}  (${places.join(", ")})`;
}
