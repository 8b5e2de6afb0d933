/** torch's ReduceLROnPlateau: the rate falls when a metric has stopped improving. */
import type { Kwarg, Kwargs } from "./schedules.ts";

export const plateauKwargs = {
  mode: { kind: ["min", "max"], default: "min" },
  factor: { kind: "number", default: 0.1 },
  patience: { kind: "count", default: 10 },
  threshold: { kind: "number", default: 1e-4 },
  threshold_mode: { kind: ["rel", "abs"], default: "rel" },
  cooldown: { kind: "count", default: 0 },
  min_lr: { kind: "number", default: 0 },
  eps: { kind: "number", default: 1e-8 },
} as const satisfies Record<string, Kwarg>;

/** As it stands in a checkpoint; JSON has no infinity, so `best` is null before the first metric. */
export interface PlateauState {
  best: number | null;
  bad_steps: number;
  cooldown: number;
  lr: number;
}

export function startOfPlateau(lr: number): PlateauState {
  return { best: null, bad_steps: 0, cooldown: 0, lr };
}

/** The state after one more metric. */
export function afterMetric(state: PlateauState, metric: number, kwargs: Kwargs): PlateauState {
  const better = isBetter(metric, state.best, kwargs);
  const best = better ? metric : state.best;
  const cooling = state.cooldown > 0;
  const badSteps = better || cooling ? 0 : state.bad_steps + 1; // what happens while cooling down does not count
  const cooldown = cooling ? state.cooldown - 1 : state.cooldown;
  if (badSteps <= kwargs.patience!) return { best, bad_steps: badSteps, cooldown, lr: state.lr };
  const lower = Math.max(state.lr * kwargs.factor!, kwargs.min_lr!);
  const lr = state.lr - lower > kwargs.eps! ? lower : state.lr;
  return { best, bad_steps: 0, cooldown: kwargs.cooldown!, lr };
}

function isBetter(metric: number, best: number | null, { mode, threshold, threshold_mode }: Kwargs): boolean {
  const least = mode === "min";
  const before = best ?? (least ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
  if (threshold_mode === "abs") return least ? metric < before - threshold! : metric > before + threshold!;
  return least ? metric < before * (1 - threshold!) : metric > before * (threshold! + 1);
}
