/**
 * The formulas of transformers' learning-rate schedules: what multiplies the base rate, as a function of the update's
 * number alone, so that a resumed run repeats it. The arithmetic follows transformers operation by operation.
 */
import { cos, pow } from "./rounded_math.ts";

export interface Lengths {
  /** Updates over which the rate rises. */
  warmup: number;
  /** Updates of the whole run. */
  total: number;
}

/** Takes the number of an update, from 0. */
export type Factor = (step: number) => number;

/** One of a schedule's own options, under transformers' name. */
export interface Kwarg {
  kind: "number" | "count" | readonly string[];
  /** Without one it must be given, or `make` finds it. */
  default?: number | string;
  optional?: true;
}

export interface Schedule {
  kwargs: Readonly<Record<string, Kwarg>>;
  /** Whether it has to know the run's updates. */
  needsTotal: boolean;
  /** @throws {string} What is wrong with the options together. */
  make(lengths: Lengths, kwargs: Kwargs, baseLr: number): Factor;
}

/** Every option of a schedule, defaults included; undefined where an optional one is not given. */
export type Kwargs = Readonly<Record<string, number & string>>;

const rising = (step: number, warmup: number) => step / Math.max(1, warmup);

/** A schedule that rises over the warmup and then follows `after`. */
function withWarmup(warmup: number, after: Factor): Factor {
  return (step) => (step < warmup ? rising(step, warmup) : after(step));
}

/** How much of the run after its warmup is over, in 0 ... 1 and beyond. */
function progressOf({ warmup, total }: Lengths): Factor {
  return (step) => (step - warmup) / Math.max(1, total - warmup);
}

/** Down along a cosine: half a cycle ends at 0. */
const wave = (cycles: number, progress: number) => 0.5 * (1 + cos(Math.PI * cycles * 2 * progress));

const shapes = ["linear", "cosine", "1-sqrt"] as const;

export const schedules = {
  linear: {
    kwargs: {},
    needsTotal: true,
    make: ({ warmup, total }) =>
      withWarmup(warmup, (step) => Math.max(0, (total - step) / Math.max(1, total - warmup))),
  },
  cosine: {
    kwargs: { num_cycles: { kind: "number", default: 0.5 } },
    needsTotal: true,
    make: (lengths, { num_cycles }) => {
      const progress = progressOf(lengths);
      return withWarmup(lengths.warmup, (step) => Math.max(0, wave(num_cycles!, progress(step))));
    },
  },
  cosine_with_restarts: {
    kwargs: { num_cycles: { kind: "count", default: 1 } },
    needsTotal: true,
    make: (lengths, { num_cycles }) => {
      const progress = progressOf(lengths);
      return withWarmup(lengths.warmup, (step) => {
        const done = progress(step);
        return done >= 1 ? 0 : Math.max(0, 0.5 * (1 + cos(Math.PI * ((num_cycles! * done) % 1))));
      });
    },
  },
  polynomial: {
    kwargs: { lr_end: { kind: "number", default: 1e-7 }, power: { kind: "number", default: 1 } },
    needsTotal: true,
    make: ({ warmup, total }, { lr_end, power }, baseLr) => {
      if (!(baseLr > lr_end!)) throw `lr_end (${lr_end}) must be below the learning rate (${baseLr})`;
      return withWarmup(warmup, (step) => {
        if (step > total) return lr_end! / baseLr;
        // A run that is all warmup ends here; transformers divides by zero.
        const left = total === warmup ? 0 : 1 - (step - warmup) / (total - warmup);
        return ((baseLr - lr_end!) * pow(left, power!) + lr_end!) / baseLr;
      });
    },
  },
  constant: { kwargs: {}, needsTotal: false, make: () => () => 1 },
  constant_with_warmup: {
    kwargs: {},
    needsTotal: false,
    make: ({ warmup }) => withWarmup(warmup, () => 1),
  },
  inverse_sqrt: {
    kwargs: { timescale: { kind: "count", optional: true } },
    needsTotal: false,
    make: ({ warmup }, { timescale = warmup || 10_000 }) => {
      if (timescale < 1) throw "timescale must be at least 1";
      const shift = timescale - warmup;
      return withWarmup(warmup, (step) => 1 / Math.sqrt((step + shift) / timescale));
    },
  },
  warmup_stable_decay: {
    kwargs: {
      num_decay_steps: { kind: "count" },
      num_stable_steps: { kind: "count", optional: true },
      warmup_type: { kind: shapes, default: "linear" },
      decay_type: { kind: shapes, default: "cosine" },
      min_lr_ratio: { kind: "number", default: 0 },
      num_cycles: { kind: "number", default: 0.5 },
    },
    needsTotal: false,
    make: ({ warmup, total }, kwargs) => {
      const { num_decay_steps: decay, min_lr_ratio: lowest } = kwargs;
      const stable = kwargs.num_stable_steps ?? total - warmup - decay!;
      const above = (factor: number) => Math.max(0, factor * (1 - lowest!) + lowest!);
      return (step) => {
        if (step < warmup) return above(riseBy(kwargs.warmup_type!, rising(step, warmup)));
        if (step < warmup + stable) return 1;
        if (step >= warmup + stable + decay!) return lowest!;
        const progress = (step - warmup - stable) / Math.max(1, decay!);
        return above(fallBy(kwargs.decay_type!, progress, kwargs.num_cycles!));
      };
    },
  },
} satisfies Record<string, Schedule>;

function riseBy(shape: string, progress: number): number {
  if (shape === "linear") return progress;
  return shape === "cosine" ? 0.5 * (1 - cos(Math.PI * progress)) : 1 - Math.sqrt(1 - progress);
}

function fallBy(shape: string, progress: number, cycles: number): number {
  if (shape === "linear") return 1 - progress;
  return shape === "cosine" ? wave(cycles, progress) : 1 - Math.sqrt(progress);
}
