/** Logits of one token, in JavaScript. */
import { TorchnerError } from "../native/errors.ts";

/**
 * Probabilities of one row of logits, rounded to float32 after each operation as torch and numpy do, so
 * that scores agree with theirs to the last bits.
 *
 * @param logits  Row-major `[tokens, labels]`.
 * @throws {TorchnerError} `ENONFINITE` for logits that no probabilities follow from.
 */
export function softmaxRow(logits: Float32Array, row: number, labels: number): Float32Array {
  const from = row * labels;
  const { fround, exp } = Math;
  const top = logits[from + argmaxRow(logits, row, labels)]!;
  const out = new Float32Array(labels);
  let sum = 0;
  for (let label = 0; label < labels; label++) {
    out[label] = exp(fround(logits[from + label]! - top));
    sum = fround(sum + out[label]!);
  }
  if (!(sum > 0)) throw nonFinite();
  for (let label = 0; label < labels; label++) out[label] = out[label]! / sum;
  return out;
}

/**
 * Index of the row's largest logit, the first of equal ones.
 *
 * @throws {TorchnerError} `ENONFINITE` if the row holds a NaN.
 */
export function argmaxRow(logits: Float32Array, row: number, labels: number): number {
  const from = row * labels;
  let best = 0;
  for (let label = 0; label < labels; label++) {
    const value = logits[from + label]!;
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself; this loop runs per token
    if (value !== value) throw nonFinite();
    if (value > logits[from + best]!) best = label;
  }
  return best;
}

function nonFinite(): TorchnerError {
  return new TorchnerError(
    "ENONFINITE",
    "the model's logits are not finite numbers; its weights are damaged, or its training diverged.",
  );
}
