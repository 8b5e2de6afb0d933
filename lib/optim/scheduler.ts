/**
 * Learning rates as a pure function of the update's number: a resumed run repeats them from the step alone.
 * A step is an optimizer update, not a batch: counting batches would shorten warmup by the accumulation factor.
 */
import { checkOptions } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";

interface Lengths {
  warmup: number;
  total: number;
}

/** What multiplies the base rate in update `step` (from 0). */
type Schedule = (step: number, lengths: Lengths) => number;

const warmingUp = (step: number, { warmup }: Lengths) => step / Math.max(1, warmup);

/** The names of transformers' `lr_scheduler_type` that are known here, each with its formula. */
const schedules = {
  linear: (step, lengths) =>
    step < lengths.warmup
      ? warmingUp(step, lengths)
      : Math.max(0, (lengths.total - step) / Math.max(1, lengths.total - lengths.warmup)),
  constant: () => 1,
  constant_with_warmup: (step, lengths) => (step < lengths.warmup ? warmingUp(step, lengths) : 1),
} satisfies Record<string, Schedule>;

export type SchedulerType = keyof typeof schedules;
const schedulerTypes = Object.keys(schedules) as SchedulerType[];

/** What is stored in a checkpoint's `scheduler.json`. */
export interface SchedulerState {
  name: string;
  base_lr: number;
  last_step: number;
  num_warmup_steps: number;
  num_training_steps: number;
}

export interface Scheduler {
  /** Call once after every `optimizer.step()`. */
  step(): void;
  /** The rate that the next `optimizer.step()` uses. */
  getLastLr(): number;
  stateDict(): SchedulerState;
  /** @throws {TorchnerError} `ECHECKPOINT` if the state belongs to another schedule. */
  loadStateDict(state: SchedulerState): void;
}

export interface SchedulerOptions {
  /** Its `lr` at this moment is the base rate; from now on the scheduler sets it. */
  optimizer: { lr: number };
  /** Updates over which the rate rises from 0 (default 0). */
  numWarmupSteps?: number;
  /** Updates of the whole run; only `linear` needs it. */
  numTrainingSteps?: number;
}

/**
 * A learning-rate schedule by Hugging Face's name, with the same values bit for bit.
 * @throws {TorchnerError} `EARG` for an unknown name or a count that is not a whole number >= 0.
 */
export function getScheduler(name: SchedulerType, options: SchedulerOptions): Scheduler {
  const factor: Schedule | undefined = Object.hasOwn(schedules, name) ? schedules[name] : undefined;
  if (!factor) {
    const known = schedulerTypes.join(", ");
    throw new TorchnerError(
      "EARG",
      `lrSchedulerType: there is no schedule ${JSON.stringify(name)}; use one of ${known}.`,
    );
  }
  checkOptions("getScheduler", options, ["optimizer", "numWarmupSteps", "numTrainingSteps"]);
  const { optimizer } = options;
  if (typeof optimizer?.lr !== "number") {
    throw new TorchnerError("EARG", "getScheduler: `optimizer` must be an optimizer with an `lr`.");
  }
  if (name === "linear" && options.numTrainingSteps === undefined) {
    throw new TorchnerError(
      "EARG",
      "getScheduler: the linear schedule needs `numTrainingSteps`, the updates of the run.",
    );
  }
  const lengths = {
    warmup: count("numWarmupSteps", options.numWarmupSteps ?? 0),
    total: count("numTrainingSteps", options.numTrainingSteps ?? 0),
  };
  const baseLr = optimizer.lr;
  let lastStep = 0;
  const moveTo = (step: number) => {
    lastStep = step;
    optimizer.lr = baseLr * factor(step, lengths);
  };
  moveTo(0);

  const stateDict = (): SchedulerState => ({
    name,
    base_lr: baseLr,
    last_step: lastStep,
    num_warmup_steps: lengths.warmup,
    num_training_steps: lengths.total,
  });
  return {
    step: () => moveTo(lastStep + 1),
    getLastLr: () => optimizer.lr,
    stateDict,
    loadStateDict(state) {
      const { last_step: _here, ...mine } = stateDict();
      for (const [key, value] of Object.entries(mine)) {
        const stored = state[key as keyof SchedulerState];
        if (stored === value) continue;
        throw new TorchnerError(
          "ECHECKPOINT",
          `The stored schedule has ${key} ${stored}, this run has ${value}; resume with the options of the first run.`,
        );
      }
      moveTo(count("last_step", state.last_step));
    },
  };
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TorchnerError("EARG", `getScheduler: ${name} must be a whole number >= 0, not ${value}.`);
}
