import { kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import type { LogRow } from "../training/state.ts";
import type { TrainerCallback } from "./callback.ts";

/**
 * Prints each row of the log on a line of its own, to standard error unless told otherwise.
 * @throws {TorchnerError} `EARG` for an `out` that cannot be written to.
 */
export function printer(out: { write(text: string): unknown } = process.stderr): TrainerCallback {
  checkOutput("printer", out);
  return {
    name: "printer",
    onLog: (_args, _state, _control, { logs }) => void out.write(`${formatRow(logs ?? {})}\n`),
  };
}

export function checkOutput(call: string, out: unknown): void {
  if (typeof (out as { write?: unknown } | null)?.write === "function") return;
  throw new TorchnerError(
    "EARG",
    `${call} takes a stream, e.g. process.stdout or an object with write(text), not ${kindOf(out)}.`,
  );
}

/** `step 500  epoch 1.37  loss 0.1214  learning_rate 2.500e-5`: four significant digits, total_flos left out. */
export function formatRow(row: LogRow): string {
  return Object.entries(row)
    .filter(([name]) => name !== "total_flos")
    .map(([name, value]) => `${name} ${typeof value === "number" ? formatNumber(value) : value}`)
    .join("  ");
}

export function formatNumber(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}
