/**
 * The mean of float32 values with the roundings of numpy's `mean()`, so that `eval_loss` has Hugging Face's bits.
 * numpy adds pairwise: halves (cut at a multiple of 8) down to blocks of at most 128, each with 8 running sums.
 */
const { fround } = Math;

export function float32Mean(values: Float32Array): number {
  return fround(pairwiseSum(values, 0, values.length) / values.length);
}

function pairwiseSum(values: Float32Array, from: number, length: number): number {
  if (length < 8) return addUp(values, from, from + length, -0);
  if (length <= 128) return blockSum(values, from, length);
  const half = length >> 1;
  const cut = half - (half % 8);
  return fround(pairwiseSum(values, from, cut) + pairwiseSum(values, from + cut, length - cut));
}

function blockSum(values: Float32Array, from: number, length: number): number {
  const sums = values.slice(from, from + 8); // a Float32Array rounds each sum as it is stored
  const whole = length - (length % 8);
  for (let i = 8; i < whole; i += 8) {
    for (let lane = 0; lane < 8; lane++) sums[lane]! += values[from + i + lane]!;
  }
  const pair = (a: number, b: number) => fround(sums[a]! + sums[b]!);
  const sum = fround(fround(pair(0, 1) + pair(2, 3)) + fround(pair(4, 5) + pair(6, 7)));
  return addUp(values, from + whole, from + length, sum);
}

function addUp(values: Float32Array, from: number, to: number, start: number): number {
  let sum = start;
  for (let i = from; i < to; i++) sum = fround(sum + values[i]!);
  return sum;
}
