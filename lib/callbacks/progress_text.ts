/** What the progress display says, as plain functions of what is known. */
import type { LogRow } from "../training/state.ts";
import { formatNumber } from "./printer.ts";

export interface Pace {
  step: number;
  maxSteps: number;
  tokens: number;
  /** Seconds spent in updates; evaluations and saving are not counted. */
  seconds: number;
  loss?: number;
}

/** `loss 0.0214  535 tok/s  ETA 12m`, each part as soon as it is known. */
export function paceText({ step, maxSteps, tokens, seconds, loss }: Pace): string {
  const parts: string[] = [];
  if (loss !== undefined) parts.push(`loss ${formatNumber(loss)}`);
  if (seconds > 0 && step > 0) {
    parts.push(`${Math.round(tokens / seconds).toLocaleString("en-US")} tok/s`);
    parts.push(`ETA ${duration(((maxSteps - step) * seconds) / step)}`);
  }
  return parts.join("  ");
}

/** `45s`, `12m`, `1h 05m`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** Speeds and times are not results; the rest of an evaluation makes the table's columns. */
const notResults = /_(runtime|samples_per_second|steps_per_second)$/;

/** The columns of the table of evaluations: `epoch`, `step`, losses, then what else the evaluation gave. */
export function evaluationColumns(metrics: LogRow): string[] {
  const results = Object.keys(metrics).filter(isResult);
  const rank = (name: string) => (name.endsWith("_loss") ? 0 : name.endsWith("_skipped_words") ? 2 : 1);
  return ["epoch", "step", "train loss", ...results.sort((a, b) => rank(a) - rank(b))];
}

function isResult(name: string): boolean {
  return name !== "epoch" && !notResults.test(name);
}

/** Heading of the table, one cell per column. */
export function tableHead(columns: readonly string[]): string {
  return columns.map((name) => heading(name).padStart(cellWidth(name))).join("  ");
}

/** One evaluation as a row under those columns. Shares are shown in percent. */
export function tableRow(
  columns: readonly string[],
  values: { metrics: LogRow; step: number; trainLoss?: number; best: boolean },
): string {
  const cells = columns.map((name) => {
    if (name === "step") return String(values.step);
    if (name === "train loss") return values.trainLoss === undefined ? "-" : values.trainLoss.toFixed(4);
    return cell(name, values.metrics[name]);
  });
  const row = cells.map((text, i) => text.padStart(cellWidth(columns[i]!))).join("  ");
  return values.best ? `${row} ★` : row;
}

function cell(name: string, value: number | string | undefined): string {
  if (typeof value !== "number") return value ?? "-";
  if (name === "epoch") return String(Number(value.toFixed(2)));
  if (/_(precision|recall|f1|accuracy)$/.test(name)) return (100 * value).toFixed(2);
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}

/** Only losses come from both sides; of the rest it is plain that they are of the evaluation. */
function heading(name: string): string {
  return (name === "eval_loss" ? name : name.replace(/^eval_/, "")).replaceAll("_", " ");
}

function cellWidth(name: string): number {
  return Math.max(heading(name).length, 6);
}
