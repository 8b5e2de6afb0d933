/** seqeval's classification report, as text in its layout and as an object with its keys. */
import { shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { averageScore, averages, type Counts, type Score, score, sum, type ZeroDivision } from "./scores.ts";
import { countTags, type ScoringOptions } from "./scoring.ts";

export interface ReportRow {
  precision: number;
  recall: number;
  "f1-score": number;
  /** Gold entities in this row. */
  support: number;
}

export interface ReportOptions extends ScoringOptions {
  /** Decimals of the text form, 0 to 20. Default 2. */
  digits?: number;
  /** An object by row name (types, then `micro avg`, `macro avg`, `weighted avg`) instead of text. */
  outputDict?: boolean;
}

const COLUMNS = ["precision", "recall", "f1-score", "support"];
const COLUMN_WIDTH = 9;

/**
 * Precision, recall, F1 and support per type and averaged.
 *
 * Where neither side has an entity the averages are `zeroDivision` (seqeval fails on its text form there, and gives NaN
 * for the macro average).
 *
 * @throws {TorchnerError} as `evaluateEntities`, and `EARG` for digits out of range.
 */
export function classificationReport(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: ReportOptions & { outputDict: true },
): Record<string, ReportRow>;
export function classificationReport(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options?: ReportOptions & { outputDict?: false },
): string;
export function classificationReport(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: ReportOptions = {},
): string | Record<string, ReportRow> {
  const { counts } = countTags("classificationReport", gold, predicted, options, ["digits", "outputDict"]);
  const { digits = 2, outputDict = false, zeroDivision } = options;
  if (!Number.isInteger(digits) || digits < 0 || digits > 20) {
    throw new TorchnerError("EARG", `digits must be a whole number from 0 to 20, not ${shown(digits)}.`);
  }
  const { types, averages } = reportRows(counts, zeroDivision);
  return outputDict ? Object.fromEntries([...types, ...averages]) : reportText(types, averages, digits);
}

type NamedRow = [name: string, row: ReportRow];

function reportRows(
  counts: ReadonlyMap<string, Counts>,
  zeroDivision: ZeroDivision | undefined,
): { types: NamedRow[]; averages: NamedRow[] } {
  const support = sum(counts.values()).gold;
  return {
    types: [...counts].map(([type, one]) => [type, row(score(one, zeroDivision), one.gold)]),
    averages: averages.map((average) => [
      `${average} avg`,
      row(averageScore(counts.values(), average, zeroDivision), support),
    ]),
  };
}

function row({ precision, recall, f1 }: Score, support: number): ReportRow {
  return { precision, recall, "f1-score": f1, support };
}

function reportText(types: NamedRow[], averages: NamedRow[], digits: number): string {
  // Python counts code points; a type named in emoji must not shift its row.
  const nameWidth = [...types, ...averages].reduce(
    (width, [name]) => Math.max(width, [...name].length),
    digits,
  );
  const line = (name: string, cells: string[]) =>
    `${" ".repeat(nameWidth - [...name].length)}${name} ${cells.map((cell) => ` ${cell.padStart(COLUMN_WIDTH)}`).join("")}`;
  const cells = (one: ReportRow) => [
    fixed(one.precision, digits),
    fixed(one.recall, digits),
    fixed(one["f1-score"], digits),
    String(one.support),
  ];
  const lines = (rows: NamedRow[]) => rows.map(([name, one]) => line(name, cells(one)));
  return [line("", COLUMNS), "", ...lines(types), "", ...lines(averages), ""].join("\n");
}

/**
 * Decimals as Python prints them: an exact tie goes to the even digit (0.125 is 0.12), where `toFixed`
 * rounds it up.
 */
function fixed(value: number, digits: number): string {
  // A fraction of counts below 2^53 has its whole decimal expansion within 100 digits whenever it is a tie.
  const exact = value.toFixed(100);
  const cut = exact.indexOf(".") + 1 + digits;
  if (!/^50*$/.test(exact.slice(cut))) return value.toFixed(digits);
  const kept = exact.slice(0, digits === 0 ? cut - 1 : cut);
  return Number(kept.at(-1)) % 2 === 0 ? kept : value.toFixed(digits);
}
