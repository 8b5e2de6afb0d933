/**
 * Events of a training run, with the names and the order of transformers' callbacks. A callback is a plain object
 * with some of these functions; the ones that return a promise are waited for, and one that throws ends the run.
 */

import type { TokenClassificationModel } from "../model/model.ts";
import type { AdamW } from "../optim/adamw.ts";
import type { Scheduler } from "../optim/scheduler.ts";
import type { TrainingArguments } from "../training/arguments.ts";
import type { LogRow, TrainerState } from "../training/state.ts";

/** Switches that callbacks set; the loop acts on them after the event, and resets all but the first. */
export interface TrainerControl {
  shouldTrainingStop: boolean;
  shouldEpochStop: boolean;
  shouldSave: boolean;
  shouldEvaluate: boolean;
  shouldLog: boolean;
}

/** What comes with an event beside arguments, state and control. */
export interface EventDetails {
  model: TokenClassificationModel;
  optimizer?: AdamW;
  scheduler?: Scheduler;
  /** `onLog`: the new row of the log. */
  logs?: LogRow;
  /** `onEvaluate`, `onPredict`: what the evaluation found. */
  metrics?: LogRow;
  /** `onStepEnd`: tokens of this update, padding not counted. */
  tokens?: number;
  /** `onPredictionStep`: batches done, of so many. */
  batch?: number;
  batches?: number;
  /** `onTrainFailed`: what ended the run. */
  error?: unknown;
}

export type EventHandler = (
  args: TrainingArguments,
  state: TrainerState,
  control: TrainerControl,
  details: EventDetails,
) => void | Promise<void>;

const eventNames = [
  "onTrainBegin",
  "onEpochBegin",
  "onStepBegin",
  "onSubstepEnd",
  "onPreOptimizerStep",
  "onOptimizerStep",
  "onStepEnd",
  "onLog",
  "onPredictionStep",
  "onEvaluate",
  "onPredict",
  "onSave",
  "onEpochEnd",
  "onTrainEnd",
  /** Not in transformers: the run ends with an error. Last chance to leave a terminal or a file in order. */
  "onTrainFailed",
] as const;

export type EventName = (typeof eventNames)[number];

export type TrainerCallback = { [event in EventName]?: EventHandler } & {
  /** By which `removeCallback` finds it, and under which its state is saved. */
  readonly name?: string;
  /** What is saved with a checkpoint, in `stateful_callbacks` of `trainer_state.json`. */
  stateDict?(): Record<string, unknown>;
  /** Called with it when a saved run goes on, before `onTrainBegin`. */
  loadStateDict?(state: Record<string, unknown>): void;
};

export function newControl(): TrainerControl {
  return {
    shouldTrainingStop: false,
    shouldEpochStop: false,
    shouldSave: false,
    shouldEvaluate: false,
    shouldLog: false,
  };
}

/** Calls one event of each callback, in the order in which they were added. */
export async function emitEvent(
  callbacks: readonly TrainerCallback[],
  event: EventName,
  ...given: Parameters<EventHandler>
): Promise<void> {
  for (const callback of callbacks) {
    const waiting = callback[event]?.(...given);
    if (waiting) await waiting; // most handlers are synchronous; a step should not pay for them
  }
}

/** What `stateful_callbacks` of `trainer_state.json` holds: the switches, and each callback that has a state. */
export function savedStates(
  callbacks: readonly TrainerCallback[],
  control: TrainerControl,
): Record<string, unknown> {
  const switches = {
    should_epoch_stop: control.shouldEpochStop,
    should_evaluate: control.shouldEvaluate,
    should_log: control.shouldLog,
    should_save: control.shouldSave,
    should_training_stop: control.shouldTrainingStop,
  };
  const states: Record<string, unknown> = { TrainerControl: { args: switches, attributes: {} } };
  for (const callback of callbacks) {
    if (callback.name && callback.stateDict) states[callback.name] = callback.stateDict();
  }
  return states;
}

/** Puts switches and callbacks back to what `savedStates` gave when the run was saved. */
export function restoreStates(
  callbacks: readonly TrainerCallback[],
  control: TrainerControl,
  saved: Record<string, unknown>,
): void {
  const { args } = (saved.TrainerControl ?? {}) as { args?: Record<string, boolean> };
  control.shouldEpochStop = args?.should_epoch_stop ?? false;
  control.shouldTrainingStop = args?.should_training_stop ?? false;
  for (const callback of callbacks) {
    const state = callback.name === undefined ? undefined : saved[callback.name];
    if (state) callback.loadStateDict?.(state as Record<string, unknown>);
  }
}
