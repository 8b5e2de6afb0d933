import type { EventHandler, TrainerCallback } from "./callback.ts";

/**
 * Decides, from the strategies of the arguments, when to log, evaluate, save and stop. It runs first, so that other
 * callbacks can change its mind.
 *
 * `evalDelay` counts updates with the strategy `steps` and epochs with `epoch`, as in transformers.
 * A `steps` strategy also evaluates and saves after the last update, once: every 2 of 5 updates runs at 2, 4, 5.
 */
const onStepEnd: EventHandler = (args, state, control) => {
  const step = state.globalStep;
  const last = step >= state.maxSteps;
  const due = (interval: number) => step % interval === 0;

  if (step === 1 && args.loggingFirstStep) control.shouldLog = true;
  if (args.loggingStrategy === "steps" && due(state.loggingSteps)) control.shouldLog = true;
  const evaluates = args.evalStrategy === "steps" && step >= args.evalDelay;
  if (evaluates && (last || due(state.evalSteps))) control.shouldEvaluate = true;
  if (args.saveStrategy === "steps" && (last || due(state.saveSteps))) control.shouldSave = true;
  if (last) control.shouldTrainingStop = true;
};

const onEpochEnd: EventHandler = (args, state, control) => {
  if (args.loggingStrategy === "epoch") control.shouldLog = true;
  if (args.evalStrategy === "epoch" && state.epoch >= args.evalDelay) control.shouldEvaluate = true;
  if (args.saveStrategy === "epoch") control.shouldSave = true;
};

export const defaultFlow: TrainerCallback = { name: "defaultFlow", onStepEnd, onEpochEnd };
