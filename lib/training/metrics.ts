import { shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import type { LogRow } from "./state.ts";

/** `{prefix}_runtime` in seconds (4 decimals), and samples and steps per second (3), as Hugging Face rounds them. */
export function speedMetrics(
  prefix: string,
  seconds: number,
  done: { samples: number; steps: number },
): Record<string, number> {
  const runtime = { [`${prefix}_runtime`]: round(seconds, 4) };
  if (seconds === 0) return runtime;
  return {
    ...runtime,
    [`${prefix}_samples_per_second`]: round(done.samples / seconds, 3),
    [`${prefix}_steps_per_second`]: round(done.steps / seconds, 3),
  };
}

/** Puts `eval_` (or another prefix) before each name that lacks it. */
export function withPrefix(prefix: string, metrics: LogRow): LogRow {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name.startsWith(`${prefix}_`) ? name : `${prefix}_${name}`,
      value,
    ]),
  );
}

/**
 * What `computeMetrics` returned, checked: a plain object of numbers and texts.
 * @throws {TorchnerError} `EARG`, naming the entry that a row of the log cannot hold.
 */
export function checkedMetrics(returned: unknown): LogRow {
  if (typeof returned !== "object" || returned === null) {
    throw new TorchnerError(
      "EARG",
      `computeMetrics must return an object of numbers, not ${shown(returned)}.`,
    );
  }
  for (const [name, value] of Object.entries(returned)) {
    if (typeof value === "number" || typeof value === "string") continue;
    const hint = value instanceof Promise || name === "then" ? " (it must not be async)" : "";
    throw new TorchnerError("EARG", `computeMetrics: ${name} must be a number, not ${typeof value}${hint}.`);
  }
  return returned as LogRow;
}

/**
 * What `computeMetrics.inPieces` returned, checked.
 * @throws {TorchnerError} `EARG` where it is no generator, or an async one.
 */
export function checkedPieces(returned: Pieces): Pieces {
  if (typeof returned?.next === "function" && Symbol.iterator in returned) return returned;
  throw new TorchnerError(
    "EARG",
    "computeMetrics.inPieces must be a generator function, `*inPieces(prediction) { ... }`, and not async.",
  );
}

type Pieces = Generator<unknown, Record<string, unknown>>;

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
