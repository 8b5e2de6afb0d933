import { checkOptions, checkPositive, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { evalKey } from "../training/best.ts";
import type { TrainerCallback } from "./callback.ts";

export interface EarlyStoppingOptions {
  patience?: number;
  /** An improvement of this much or less does not count. */
  threshold?: number;
  /** Takes a line about evaluations that cannot be counted; default: standard error. */
  log?: (line: string) => void;
}

/**
 * Stops the run when the metric of `metricForBestModel` has not improved in `patience` evaluations in a row. As in
 * transformers, an evaluation without that metric, such as one with another prefix, is not counted.
 * @throws {TorchnerError} `EARG` for an unknown option, if patience is not a whole number >= 1, or, when the run begins, if the arguments
 *   have no evaluation or no `metricForBestModel`.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): TrainerCallback {
  checkOptions("earlyStopping", options, ["patience", "threshold", "log"]);
  const { patience = 1, threshold = 0 } = options;
  const { log = (line) => void process.stderr.write(`${line}\n`) } = options;
  checkPositive("patience", patience);
  if (!Number.isFinite(threshold)) {
    throw new TorchnerError("EARG", `threshold is ${kindOf(threshold)}; give a number.`);
  }
  let withoutImprovement = 0;
  let hasWarned = false;
  const warn = (key: string) => {
    if (!hasWarned) log(`early stopping: an evaluation gives no ${key}; those without it are not counted`);
    hasWarned = true;
  };
  return {
    name: "EarlyStoppingCallback",
    onTrainBegin(args, state) {
      if (state.globalStep === 0) withoutImprovement = 0;
      if (args.evalStrategy === "no") {
        throw new TorchnerError(
          "EARG",
          'earlyStopping needs evaluations: set evalStrategy to "epoch" or "steps".',
        );
      }
      if (args.metricForBestModel === undefined) {
        throw new TorchnerError("EARG", 'earlyStopping needs metricForBestModel, e.g. "f1".');
      }
    },
    // Called before the Trainer updates the best metric: `state` still has the best of the evaluations before.
    onEvaluate(args, state, control, { metrics }) {
      if (args.metricForBestModel === undefined) return; // outside a run, which would have been refused
      const key = evalKey(args.metricForBestModel);
      const value = metrics?.[key];
      if (typeof value !== "number") return warn(key);
      const difference = value - (state.bestMetric ?? 0);
      const gain = args.greaterIsBetter ? difference : -difference;
      const improved = state.bestMetric === null || gain > threshold;
      withoutImprovement = improved ? 0 : withoutImprovement + 1;
      if (withoutImprovement >= patience) control.shouldTrainingStop = true;
    },
    stateDict: () => ({
      args: { early_stopping_patience: patience, early_stopping_threshold: threshold },
      attributes: { early_stopping_patience_counter: withoutImprovement },
    }),
    loadStateDict({ attributes }) {
      const saved = attributes as { early_stopping_patience_counter?: number } | undefined;
      withoutImprovement = saved?.early_stopping_patience_counter ?? 0;
    },
  };
}
