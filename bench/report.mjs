/** Medians and ratios of a race. Pure. */

/**
 * @param {Map<string, { seconds: number, loss: number }[]>} slices  by contestant, in order of time
 * @param {{ real: number, padded: number }[]} tokens  per timed step
 * @param {Map<string, number>} peaks  megabytes
 * @param {number} steps  of one slice
 */
export function summarize(slices, tokens, peaks, steps) {
  const [first] = slices.values();
  const tokensOf = (slice) => sum(tokens.slice(slice * steps, (slice + 1) * steps).map(({ real }) => real));
  return [...slices].map(([name, runs]) => ({
    name,
    milliseconds_per_step: median(runs.map(({ seconds }) => (seconds * 1000) / steps)),
    real_tokens_per_second: median(runs.map(({ seconds }, slice) => tokensOf(slice) / seconds)),
    // Slice by slice: neighbours in time met the same load.
    speedup: median(runs.map(({ seconds }, slice) => first[slice].seconds / seconds)),
    peak_megabytes: peaks.get(name),
    last_loss: runs.at(-1).loss,
    padding: 1 - sum(tokens.map(({ real }) => real)) / sum(tokens.map(({ padded }) => padded)),
  }));
}

export function formatReport({ contestants, ...settings }) {
  const numerics = settings.bf16 ? "bfloat16" : "float32";
  const head =
    `${settings.model}, batches of ${settings.batchSize}, ${settings.slices} slices of ${settings.steps} steps, ` +
    `${settings.threads} threads, ${numerics}, ${(contestants[0].padding * 100).toFixed(0)} % padding, ` +
    `${settings.cpuCapability}, ${settings.matmul}`;
  const rows = contestants.map((one) => [
    one.name,
    one.milliseconds_per_step.toFixed(1),
    one.real_tokens_per_second.toFixed(0),
    one.speedup.toFixed(2),
    String(one.peak_megabytes),
    one.last_loss.toFixed(4),
  ]);
  return [head, ...aligned([["", "ms/step", "tokens/s", "times", "peak MB", "last loss"], ...rows])].join(
    "\n",
  );
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
