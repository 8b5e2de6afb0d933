/** Memory stays flat, however many steps a run has: through Trainer and through a loop by hand, in both numerics. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../support/shared.ts";
import { describeWithAddon, isFull, report, TinyRuns } from "./tiny_runs.ts";

/** Allocators and caches have met enough shapes of batches after a fifth of the long run's steps. */
const { steps, every, warm, most } = isFull
  ? { steps: 10_000, every: 1000, warm: 2000, most: 1 }
  : { steps: 600, every: 50, warm: 300, most: 6 };

// V8 doubles its young generation once enough has survived in it, after thousands of steps perhaps; then batches and logs
// lie about for longer, once. Here it has its full size from the start.
const flags = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];

// The GNU allocator keeps what is freed, up to twice of what is in use, and its share changes by tens of megabytes: it
// would hide a leak. Pieces of at least 32 KB go back to the system so.
const plainMemory = { MALLOC_MMAP_THRESHOLD_: "32768", OMP_WAIT_POLICY: "passive" };

interface Measurement {
  step: number;
  megabytes: number;
}

/** Of the straight line that lies nearest, in MB per 1,000 steps. */
function slope(measured: readonly Measurement[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(measured.map(({ step }) => step)), mean(measured.map(({ megabytes }) => megabytes))];
  const products = measured.map((at) => (at.step - x) * (at.megabytes - y));
  return (1000 * mean(products)) / mean(measured.map(({ step }) => (step - x) ** 2));
}

describeWithAddon("memory over many steps", () => {
  const runs = new TinyRuns();
  afterAll(() => runs.remove());

  test.each(
    isFull
      ? (["trainer", "loop"] as const).flatMap((way) => [[way, "fast"] as const, [way, "reference"] as const])
      : ([["trainer", "fast"]] as const),
  )(
    "%s, %s: flat",
    (way, numerics) => {
      const program = join(projectRoot, "test", "faults", "training_memory.mjs");
      const given = [way, numerics, String(steps), String(every), runs.at(way + numerics)];
      const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, program, ...given], {
        encoding: "utf8",
        env: { ...process.env, ...plainMemory },
      });
      expect([status, stderr]).toEqual([0, ""]);
      const measured = stdout
        .trim()
        .split("\n")
        .map((line): Measurement => JSON.parse(line));
      expect(measured).toHaveLength(steps / every);
      const after = measured.filter(({ step }) => step >= warm);
      report(
        `${way}, ${numerics}: ${steps} steps, MB every ${every}: ${measured.map((at) => at.megabytes.toFixed(1)).join(" ")}; ` +
          `${slope(after).toFixed(2)} MB per 1,000 steps`,
      );
      expect(slope(after)).toBeLessThan(most);
    },
    1_200_000,
  );
});
