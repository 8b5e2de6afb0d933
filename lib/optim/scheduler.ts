/**
 * Learning-rate schedules behind one handle. A step is an optimizer update, not a batch: counting batches would
 * shorten warmup by the accumulation factor.
 */
import { checkOptions, kindOf, shown } from "../messages/checks.ts";
import { didYouMean } from "../messages/suggest.ts";
import { TorchnerError } from "../native/errors.ts";
import { afterMetric, type PlateauState, plateauKwargs, startOfPlateau } from "./plateau.ts";
import { type Kwarg, type Kwargs, type Schedule, schedules } from "./schedules.ts";

/** The names of transformers' `lr_scheduler_type` that are known here. */
export type SchedulerType = keyof typeof schedules | "reduce_lr_on_plateau";
export const schedulerTypes = [...Object.keys(schedules), "reduce_lr_on_plateau"] as SchedulerType[];

/** What is stored in a checkpoint's `scheduler.json`. */
export interface SchedulerState {
  name: string;
  base_lr: number;
  last_step: number;
  num_warmup_steps: number;
  num_training_steps: number;
  kwargs: Record<string, number | string>;
  /** `reduce_lr_on_plateau` alone. */
  plateau?: PlateauState;
}

export interface Scheduler {
  /** True for `reduce_lr_on_plateau`: `step` is called after each evaluation, with the metric. */
  readonly stepsOnMetric: boolean;
  /** Call once after every `optimizer.step()`; with `stepsOnMetric`, once after every evaluation. */
  step(metric?: number): void;
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
  /** Updates of the whole run. */
  numTrainingSteps?: number;
  /**
   * What only this schedule takes, under transformers' names (`num_cycles`, `lr_end`, `power`, `timescale`,
   * `num_decay_steps`, `patience`, ...) or in camelCase.
   */
  schedulerSpecificKwargs?: Readonly<Record<string, unknown>>;
}

/**
 * A learning-rate schedule by Hugging Face's name, with its values.
 * @throws {TorchnerError} `EARG` for an unknown name, a count that is not a whole number >= 0, or an option that this
 *   schedule does not take.
 */
export function getScheduler(name: SchedulerType, options: SchedulerOptions): Scheduler {
  if (!schedulerTypes.includes(name)) {
    throw wrong(
      `lrSchedulerType: there is no schedule ${shown(name)}; use one of ${schedulerTypes.join(", ")}.`,
    );
  }
  checkOptions("getScheduler", options, [
    ...["optimizer", "numWarmupSteps", "numTrainingSteps", "schedulerSpecificKwargs"],
  ]);
  const { optimizer } = options;
  if (typeof optimizer?.lr !== "number") {
    throw wrong("getScheduler: `optimizer` must be an optimizer with an `lr`.");
  }
  const given = options.schedulerSpecificKwargs ?? {};
  return name === "reduce_lr_on_plateau"
    ? onPlateau(optimizer, options, readKwargs(name, plateauKwargs, given))
    : byStep(name, optimizer, options, given);
}

function byStep(
  name: keyof typeof schedules,
  optimizer: { lr: number },
  options: SchedulerOptions,
  given: Readonly<Record<string, unknown>>,
): Scheduler {
  const schedule: Schedule = schedules[name];
  const kwargs = readKwargs(name, schedule.kwargs, given);
  const needsTotal =
    schedule.needsTotal || (name === "warmup_stable_decay" && kwargs.num_stable_steps === undefined);
  if (needsTotal && options.numTrainingSteps === undefined) {
    throw wrong(`getScheduler: the ${name} schedule needs \`numTrainingSteps\`, the updates of the run.`);
  }
  const identity = identityOf(name, optimizer, options, kwargs);
  const { base_lr: baseLr } = identity;
  const lengths = { warmup: identity.num_warmup_steps, total: identity.num_training_steps };
  const factor = made(name, () => schedule.make(lengths, kwargs, baseLr));
  let lastStep = 0;
  const moveTo = (step: number) => {
    lastStep = step;
    optimizer.lr = baseLr * factor(step);
  };
  moveTo(0);
  return {
    stepsOnMetric: false,
    step: () => moveTo(lastStep + 1),
    getLastLr: () => optimizer.lr,
    stateDict: () => ({ ...identity, last_step: lastStep }),
    loadStateDict(state) {
      checkIdentity(state, identity);
      moveTo(count("last_step", state.last_step));
    },
  };
}

function onPlateau(optimizer: { lr: number }, options: SchedulerOptions, kwargs: Kwargs): Scheduler {
  if (kwargs.factor! >= 1) throw wrong("reduce_lr_on_plateau: factor must be below 1.");
  const identity = identityOf("reduce_lr_on_plateau", optimizer, options, kwargs);
  let plateau = startOfPlateau(optimizer.lr);
  let lastStep = 0;
  return {
    stepsOnMetric: true,
    step(metric) {
      if (typeof metric !== "number") {
        throw wrong("reduce_lr_on_plateau: step takes the metric of an evaluation, a number.");
      }
      plateau = afterMetric(plateau, metric, kwargs);
      lastStep++;
      optimizer.lr = plateau.lr;
    },
    getLastLr: () => optimizer.lr,
    stateDict: () => ({ ...identity, last_step: lastStep, plateau: { ...plateau } }),
    loadStateDict(state) {
      checkIdentity(state, identity);
      lastStep = count("last_step", state.last_step);
      plateau = { ...(state.plateau ?? startOfPlateau(identity.base_lr)) };
      optimizer.lr = plateau.lr;
    },
  };
}

type Identity = Omit<SchedulerState, "last_step" | "plateau">;

function identityOf(
  name: string,
  optimizer: { lr: number },
  options: SchedulerOptions,
  kwargs: Kwargs,
): Identity {
  return {
    name,
    base_lr: optimizer.lr,
    num_warmup_steps: count("numWarmupSteps", options.numWarmupSteps ?? 0),
    num_training_steps: count("numTrainingSteps", options.numTrainingSteps ?? 0),
    kwargs: { ...kwargs },
  };
}

function checkIdentity(stored: SchedulerState, mine: Identity): void {
  if (typeof stored !== "object" || stored === null) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `The stored schedule is ${kindOf(stored)}, not an object; resume from another checkpoint.`,
    );
  }
  for (const [key, value] of Object.entries(mine)) {
    const there = JSON.stringify(stored[key as keyof SchedulerState]);
    const here = JSON.stringify(value);
    if (there === here) continue;
    throw new TorchnerError(
      "ECHECKPOINT",
      `The stored schedule has ${key} ${there}, this run has ${here}; resume with the options of the first run.`,
    );
  }
}

/** Every option of the schedule, in snake_case: what was given, else the default. */
function readKwargs(
  schedule: string,
  known: Readonly<Record<string, Kwarg>>,
  given: Readonly<Record<string, unknown>>,
): Kwargs {
  const named = Object.entries(given).map(
    ([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const,
  );
  for (const [key, value] of named) {
    if (!Object.hasOwn(known, key)) {
      const hint =
        didYouMean(key, Object.keys(known)) || `; it takes ${Object.keys(known).join(", ") || "none"}`;
      throw wrong(`lrSchedulerKwargs: the ${schedule} schedule has no option ${key}${hint}.`);
    }
    checkKwarg(key, value, known[key]!.kind);
  }
  const values = new Map(named);
  const read: Record<string, unknown> = {};
  for (const [key, { default: fallback, optional }] of Object.entries(known)) {
    const value = values.get(key) ?? fallback;
    if (value !== undefined) read[key] = value;
    else if (!optional) throw wrong(`lrSchedulerKwargs: the ${schedule} schedule needs ${key}.`);
  }
  return read as Kwargs;
}

function checkKwarg(key: string, value: unknown, kind: Kwarg["kind"]): void {
  if (value === undefined || value === null) return;
  const fits =
    kind === "count"
      ? Number.isSafeInteger(value) && Number(value) >= 0
      : kind === "number"
        ? Number.isFinite(value)
        : kind.includes(value as string);
  if (fits) return;
  const expected =
    kind === "count" ? "a whole number >= 0" : kind === "number" ? "a number" : `one of ${kind.join(", ")}`;
  throw wrong(`lrSchedulerKwargs: ${key} must be ${expected}, not ${shown(value)}.`);
}

/** A schedule says in words what its options do not allow together. */
function made<T>(schedule: string, make: () => T): T {
  try {
    return make();
  } catch (problem) {
    throw typeof problem === "string" ? wrong(`lrSchedulerKwargs: ${schedule}: ${problem}.`) : problem;
  }
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(`getScheduler: ${name} must be a whole number >= 0, not ${shown(value)}.`);
}

function wrong(message: string): TorchnerError {
  return new TorchnerError("EARG", message);
}
