/**
 * What no program should do, done in processes of their own: calls with values of every type, and ends in the middle of
 * every kind of work. Errors are fine; a crash, a hang, or an error that nobody foresaw is not.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFull, report } from "../faults/tiny_runs.ts";
import { projectRoot } from "../support/shared.ts";
import { works } from "./abuse/world.mjs";

const folder = mkdtempSync(join(tmpdir(), "torchner-abuse-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  /** The signal where there was one, as the exit status hides it. */
  end: string | number | null;
  lines: string[];
  stderr: string;
}

/** Of a test, of its process, and of one of many processes: ten times and more of what each takes, as cores are shared. */
const limits = {
  ...(isFull ? { test: 3_600_000, process: 3_300_000 } : { test: 600_000, process: 300_000 }),
  end: 60_000,
};

interface HowToRun {
  flags?: readonly string[];
  timeout?: number;
}

/** Runs a program of `abuse/` in a folder of its own. */
async function run(
  program: string,
  args: readonly string[],
  { flags = [], timeout = limits.process }: HowToRun = {},
): Promise<Ended> {
  const cwd = mkdtempSync(join(folder, "run-"));
  const path = join(projectRoot, "test", "native", "abuse", program);
  const child = spawn(
    process.execPath,
    [...flags, path, ...args.map((word) => word.replace("FOLDER", cwd))],
    {
      ...{ cwd, timeout, killSignal: "SIGKILL" },
      env: { ...process.env, OMP_WAIT_POLICY: "passive" },
    },
  );
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk) => {
      texts[name] += chunk;
    });
  const end = await new Promise<string | number | null>((resolve) =>
    child.on("close", (code, signal) => resolve(signal ?? code)),
  );
  return { end, lines: texts.stdout.trim().split("\n"), stderr: texts.stderr };
}

/** One of so many values meets each call in the short set. */
const every = isFull ? 1 : 3;
const calls = isFull ? 20_000 : 7_000;

test(
  "every export and method of the addon refuses what it cannot take, on any `this` and at any time",
  async () => {
    const journal = join(folder, "calls");
    const { end, lines } = await run("arguments.mjs", [journal, String(every)]);
    const last = existsSync(journal) ? readFileSync(journal, "utf8").trim() : "";
    expect([end, end === 0 ? [] : [last, ...lines]]).toEqual([0, []]);
    const [counts, ...faults] = lines.reverse();
    expect(faults).toEqual([]);
    expect(JSON.parse(counts!).calls).toBeGreaterThan(calls);
    report(`calls of the addon: ${counts}`);
  },
  limits.test,
);

test(
  "every export of the package refuses what it cannot take",
  async () => {
    const { end, lines } = await run("exports.mjs", [String(every)]);
    expect([end, end === 0 ? [] : lines]).toEqual([0, []]);
    const [counts, ...faults] = lines.reverse();
    expect(faults).toEqual([]);
    expect(JSON.parse(counts!).calls).toBeGreaterThan(calls);
    report(`calls of the package: ${counts}`);
  },
  limits.test,
);

const crashes = ["uncaught exception", "unhandled rejection"];
const otherWays = [
  ...["exit soon", "exit in a microtask", "exit before the exit", "work in the exit", "end by itself"],
  ...["caught and gone on", "a worker's exit"],
];
const ends = isFull
  ? Object.keys(works).flatMap((work) =>
      ["exit", ...otherWays, ...crashes].flatMap((way) => Array<[string, string]>(2).fill([work, way])),
    )
  : [
      ...Object.keys(works).map((work): [string, string] => [work, "exit"]),
      ...[...otherWays, ...crashes].map((way): [string, string] => ["all", way]),
    ];

test(
  "a process ends with its own status, whatever is under way",
  async () => {
    for (const [work, way] of ends) {
      const { end, stderr } = await run("ends.mjs", [work, way, "FOLDER"], { timeout: limits.end });
      const expected = crashes.includes(way) ? [1, expect.stringContaining("Error: planned")] : [7, ""];
      expect([work, way, end, stderr]).toEqual([work, way, ...expected]);
    }
    report(`${ends.length} processes ended in the middle of their work`);
  },
  limits.test,
);

test(
  "workers that end in the middle of their work leave the others whole",
  async () => {
    const room = mkdtempSync(join(folder, "workers-"));
    for (const name of ["main", "terminate", "exit", "throw", "run out"]) mkdirSync(join(room, name));
    const rounds = isFull ? 25 : 1;
    const { end, lines, stderr } = await run("workers.mjs", [String(rounds), room]);
    const ended = rounds * 4 * Object.keys(works).length;
    expect([end, lines, stderr]).toEqual([0, [JSON.stringify({ ended, steps: true })], ""]);
    report(`${ended} workers ended in the middle of their work`);
  },
  limits.test,
);

test(
  "the collector, run between any two calls, changes nothing",
  async () => {
    const flags = ["--expose-gc", "--stress-compaction", "--max-semi-space-size=1"];
    expect(await run("collector.mjs", ["FOLDER"], { flags })).toEqual({
      end: 0,
      lines: ["the same"],
      stderr: "",
    });
  },
  limits.test,
);
