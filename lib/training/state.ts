import { camelCase, snakeCase } from "./option_types.ts";
import { pythonJson } from "./python_json.ts";

/** One row of the log: `{loss, grad_norm, learning_rate, epoch, step}`, `{eval_*, epoch, step}`, ... */
export type LogRow = Record<string, number | string>;

/** What `trainer_state.json` holds; there the names are Hugging Face's, in snake_case. */
export interface TrainerState {
  /** Epochs done, with the share of the current one. */
  epoch: number;
  /** Optimizer updates done. */
  globalStep: number;
  maxSteps: number;
  loggingSteps: number;
  evalSteps: number;
  saveSteps: number;
  trainBatchSize: number | null;
  numTrainEpochs: number;
  numInputTokensSeen: number;
  /** 6 x tokens x parameters outside the embeddings, padding included, as Hugging Face counts. */
  totalFlos: number;
  logHistory: LogRow[];
  bestMetric: number | null;
  bestGlobalStep: number | null;
  bestModelCheckpoint: string | null;
  isLocalProcessZero: boolean;
  isWorldProcessZero: boolean;
  isHyperParamSearch: boolean;
  trialName: null;
  trialParams: null;
  /** States of callbacks that have one, by name; `TrainerControl` is always among them. */
  statefulCallbacks: Record<string, unknown>;
}

export function newTrainerState(values: Partial<TrainerState> = {}): TrainerState {
  return {
    epoch: 0,
    globalStep: 0,
    maxSteps: 0,
    loggingSteps: 500,
    evalSteps: 500,
    saveSteps: 500,
    trainBatchSize: null,
    numTrainEpochs: 0,
    numInputTokensSeen: 0,
    totalFlos: 0,
    logHistory: [],
    bestMetric: null,
    bestGlobalStep: null,
    bestModelCheckpoint: null,
    isLocalProcessZero: true,
    isWorldProcessZero: true,
    isHyperParamSearch: false,
    trialName: null,
    trialParams: null,
    statefulCallbacks: {},
    ...values,
  };
}

/** The text of `trainer_state.json`, with the keys, order and numbers that Python writes. */
export function stateToJson(state: TrainerState): string {
  const named = Object.fromEntries(Object.entries(state).map(([key, value]) => [snakeCase(key), value]));
  return pythonJson(named, 2, isFloatKey);
}

/** A state from the text of its file, as it was: in rows of the log, null stands for NaN. */
export function stateFromJson(text: string): TrainerState {
  const stored = JSON.parse(text) as Record<string, unknown>;
  const state = Object.fromEntries(Object.entries(stored).map(([key, value]) => [camelCase(key), value]));
  const rows = (state.logHistory ?? []) as Record<string, number | string | null>[];
  const logHistory = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? Number.NaN])),
  );
  return newTrainerState({ ...state, logHistory });
}

const floatKeys = new Set(["epoch", "total_flos", "best_metric", "loss", "learning_rate", "grad_norm"]);
const floatEndings =
  /_(loss|precision|recall|f1|accuracy|runtime|samples_per_second|steps_per_second|threshold)$/;

/** Which numbers of states and results are floats in Python, and so have a point even when they are whole. */
export function isFloatKey(key: string): boolean {
  return floatKeys.has(key) || floatEndings.test(key);
}
