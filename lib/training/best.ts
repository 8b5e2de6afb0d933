import { TorchnerError } from "../native/errors.ts";
import type { TrainingArguments } from "./arguments.ts";
import { stepOf } from "./checkpoint.ts";
import type { LogRow, TrainerState } from "./state.ts";

/** `f1` and `eval_f1` both name the metric `eval_f1`. */
export function evalKey(metric: string): string {
  return metric.startsWith("eval_") ? metric : `eval_${metric}`;
}

/** @throws {TorchnerError} `EARG` if the evaluation has no such number, naming those it has. */
export function metricValue(metrics: LogRow, key: string): number {
  const value = metrics[key];
  if (typeof value === "number") return value;
  const names = Object.keys(metrics).filter((name) => typeof metrics[name] === "number");
  throw new TorchnerError(
    "EARG",
    `metricForBestModel (--metric-for-best-model): the evaluation gives no ${key}; it gives ${names.join(", ") || "nothing"}.`,
  );
}

/** Strictly better than the best so far, so of equals the first stays; a value that is not finite never is. */
export function isBetter(value: number, best: number | null, greaterIsBetter: boolean): boolean {
  if (!Number.isFinite(value)) return false;
  return best === null || (greaterIsBetter ? value > best : value < best);
}

/** Notes in `state` if the evaluation that was just made is the best so far, and says whether it is. */
export function noteIfBest(state: TrainerState, metrics: LogRow, args: BestModelArguments): boolean {
  if (args.metricForBestModel === undefined) return false;
  const value = metricValue(metrics, evalKey(args.metricForBestModel));
  if (!isBetter(value, state.bestMetric, args.greaterIsBetter ?? false)) return false;
  state.bestMetric = value;
  if (args.saveStrategy !== "no") state.bestGlobalStep = state.globalStep;
  return true;
}

/**
 * Step of the weights that a run ends with. With `loadBestModelAtEnd` that is the best checkpoint's, which can be another
 * than `bestGlobalStep`: the best evaluation need not have been at a step that was saved.
 */
export function keptStep(args: Pick<TrainingArguments, "loadBestModelAtEnd">, state: TrainerState): number {
  const { bestModelCheckpoint: best, globalStep } = state;
  return args.loadBestModelAtEnd && best !== null ? stepOf(best) : globalStep;
}

type BestModelArguments = Pick<TrainingArguments, "metricForBestModel" | "greaterIsBetter" | "saveStrategy">;
