/** Memory stays flat, however many steps a run has: through Trainer and through a loop by hand, in both numerics. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describeIf, projectRoot } from "../support/shared.ts";
import { describeWithAddon, isFull, report, TinyRuns } from "./tiny_runs.ts";

/** Allocators and caches have met enough shapes of batches after a fifth of the long run's steps. */
const long = { steps: 10_000, every: 1000, windows: [[2000, 10_000]], most: 1, timeout: 1_100_000 };

/** Over so few steps one more piece of an allocator is as steep as a leak; but a leak grows in both windows. */
const short = {
  steps: 600,
  every: 50,
  windows: [
    [300, 450],
    [450, 600],
  ],
  most: 10,
  timeout: 300_000,
};

const { steps, every, windows, most, timeout } = isFull ? long : short;

// V8 doubles its young generation once enough has survived in it, after thousands of steps perhaps; then batches and logs
// lie about for longer, once. Here it has its full size from the start.
const flags = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];

// The GNU allocator keeps what is freed, up to twice of what is in use, and its share changes by tens of megabytes: it
// would hide a leak. Pieces of at least 32 KB go back to the system so.
const plainMemory = { MALLOC_MMAP_THRESHOLD_: "32768", OMP_WAIT_POLICY: "passive" };
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const describeHere = header.glibcVersionRuntime
  ? describeWithAddon
  : describeIf(false, "only of the GNU allocator, on Linux, is it known how to make it give memory back");

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

describeHere("memory over many steps", () => {
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
      const { stdout, stderr, status, signal } = spawnSync(process.execPath, [...flags, program, ...given], {
        ...{ encoding: "utf8", timeout, killSignal: "SIGKILL" },
        env: { ...process.env, ...plainMemory },
      });
      expect([signal ?? status, stderr]).toEqual([0, ""]);
      const measured = stdout
        .trim()
        .split("\n")
        .map((line): Measurement => JSON.parse(line));
      expect(measured).toHaveLength(steps / every);
      const slopes = windows.map(([from, to]) =>
        slope(measured.filter(({ step }) => step >= from! && step <= to!)),
      );
      const megabytes = measured.map((at) => at.megabytes.toFixed(1)).join(" ");
      const found =
        `${way}, ${numerics}: ${steps} steps, MB every ${every}: ${megabytes}; ` +
        `${slopes.map((each) => each.toFixed(2)).join(", ")} MB per 1,000 steps`;
      report(found);
      expect([Math.min(...slopes) < most, found]).toEqual([true, found]);
    },
    1_200_000,
  );
});
