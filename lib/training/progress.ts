import type { LossLogState } from "./loss_log.ts";

/**
 * Where a run stands at the border of an update. With it, and the states of model, optimizer, schedule, generator and
 * log, a run goes on bit for bit as if it had never stopped. The names are those of `progress.json`.
 */
export interface Progress {
  /** The epoch that is under way, from 0. */
  epoch: number;
  /** Its updates that are done. */
  updates_in_epoch: number;
  /** Whether the events of its end are done too. */
  epoch_ended: boolean;
  /** What was due at this border when a stop came, and is made up for when the run goes on. */
  due: { evaluate: boolean; save: boolean };
  /** The latest update's, for a log that comes later. */
  last_update: { grad_norm: number | null; learning_rate: number };
  losses: LossLogState;
}

/** JSON has no NaN and no infinities; here they are texts, the only ones there are. */
export function progressToJson(progress: Progress): string {
  const text = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return `${JSON.stringify(progress, text, 2)}\n`;
}

export function progressFromJson(text: string): Progress {
  return JSON.parse(text, (_, value) => (typeof value === "string" ? Number(value) : value)) as Progress;
}

/** What is NaN or infinite since the last update, and so the weights with it; undefined where all is well. */
export function nonFinite({ losses, last_update }: Progress): string | undefined {
  if (losses.non_finite > 0) return "its loss";
  const norm = last_update.grad_norm;
  return norm === null || Number.isFinite(norm) ? undefined : "the norm of its gradients";
}
