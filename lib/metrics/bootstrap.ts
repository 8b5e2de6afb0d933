/** Whether two systems' F1 on the same sentences differ by more than chance: paired bootstrap resampling. */
import { Mt19937 } from "../data/generator.ts";
import { TorchnerError } from "../native/errors.ts";
import { type Counts, score } from "./scores.ts";

export interface Comparison {
  /** F1 of `other` less F1 of `base`, as fractions. */
  difference: number;
  /** Borders of the middle 95 % of the resampled differences. */
  low: number;
  high: number;
  /** How often chance alone makes a difference of this size, either way. */
  pValue: number;
  samples: number;
}

/**
 * Sentences are drawn with replacement, the same ones for both systems. The p-value is the share of resamples whose
 * difference lies as far from the one that was found as that lies from zero (Berg-Kirkpatrick, Burkett and Klein, 2012,
 * here on both sides), and is never below 1 / (samples + 1).
 *
 * @param base, other  Counts of each sentence, of the same sentences.
 * @throws {TorchnerError} `EARG` where they are not of the same number of sentences, or none.
 */
export function pairedBootstrap(
  base: readonly Counts[],
  other: readonly Counts[],
  { samples = 10_000, seed = 42 }: { samples?: number; seed?: number } = {},
): Comparison {
  if (base.length !== other.length || base.length === 0) {
    throw new TorchnerError(
      "EARG",
      `a comparison needs the same sentences twice, not ${base.length} and ${other.length}.`,
    );
  }
  const columns = [...columnsOf(base), ...columnsOf(other)];
  const found = differenceOf(columns.map((column) => column.reduce((a, b) => a + b, 0)));
  const random = new Mt19937(seed);
  const differences = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    const totals = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < base.length; i++) {
      const sentence = random.random() % base.length;
      for (let key = 0; key < totals.length; key++) totals[key]! += columns[key]![sentence]!;
    }
    differences[sample] = differenceOf(totals);
  }
  const extreme = differences.filter((one) => Math.abs(one - found) >= Math.abs(found)).length;
  differences.sort();
  return {
    difference: found,
    low: differences[Math.floor(0.025 * (samples - 1))]!,
    high: differences[Math.ceil(0.975 * (samples - 1))]!,
    pValue: (extreme + 1) / (samples + 1),
    samples,
  };
}

function columnsOf(counts: readonly Counts[]): Float64Array[] {
  return (["correct", "predicted", "gold"] as const).map((key) =>
    Float64Array.from(counts, (one) => one[key]),
  );
}

function differenceOf([c1, p1, g1, c2, p2, g2]: readonly number[]): number {
  const f1 = (correct: number, predicted: number, gold: number) => score({ correct, predicted, gold }).f1;
  return f1(c2!, p2!, g2!) - f1(c1!, p1!, g1!);
}
