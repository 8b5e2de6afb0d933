import type { Batch } from "../../lib/data/types.ts";

/** Numbers in [0, 1) from a 32-bit linear congruence: the same batch on every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Random pieces in rows of these lengths, padded on the right; the row's ends and every fifth piece are unlabelled. */
export function randomBatch(sizes: {
  lengths: readonly number[];
  vocabSize: number;
  labels: number;
  seed: number;
}): Batch {
  const { lengths, vocabSize, labels: labelCount, seed } = sizes;
  const random = randomNumbers(seed);
  const width = Math.max(...lengths);
  const shape = [lengths.length, width] as const;
  const count = lengths.length * width;
  const inputIds = new Int32Array(count);
  const attentionMask = new Int32Array(count);
  const tokenTypeIds = new Int32Array(count);
  const labels = new Int32Array(count).fill(-100);
  for (const [row, length] of lengths.entries()) {
    for (let column = 0; column < length; column++) {
      const i = row * width + column;
      inputIds[i] = 1 + Math.floor(random() * (vocabSize - 1));
      attentionMask[i] = 1;
      tokenTypeIds[i] = column > length / 2 ? 1 : 0;
      const inside = column > 0 && column < length - 1;
      if (inside && random() < 0.8) labels[i] = Math.floor(random() * labelCount);
    }
  }
  return { shape, inputIds, attentionMask, tokenTypeIds, labels };
}
