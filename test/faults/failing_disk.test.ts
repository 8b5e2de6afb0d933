/** A disk that fails at any operation, or loses its power there: nothing that was saved is lost, and the run goes on. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { addonPath } from "../../lib/native/load.ts";
import { listCheckpoints } from "../../lib/training/checkpoint.ts";
import { verifyCheckpoint } from "../../lib/training/manifest.ts";
import { findResumePoint } from "../../lib/training/resume.ts";
import { describeIf } from "../support/shared.ts";
import {
  afterPowerLoss,
  compileShim,
  durableStep,
  failing,
  faultKinds,
  losses,
  needsShim,
  type Operation,
  readTrace,
} from "./failing_disk.ts";
import { isFull, randomNumbers, report, TinyRuns } from "./tiny_runs.ts";

const runs = new TinyRuns();
afterAll(() => runs.remove());
const shim = compileShim(runs.folder);

describeIf(shim !== undefined && existsSync(addonPath), needsShim)("a disk that fails", () => {
  const args = (name: string) => [...runs.arguments(name, 4), "--save-total-limit", "1"];
  let operations: Operation[];
  let total = 0;
  beforeAll(async () => {
    const env = failing(shim!, runs.at("whole"), runs.at("whole.trace"));
    const counting = { ...env, FAULT_COUNT: runs.at("whole.count") };
    expect(await runs.run(args("whole"), counting)).toMatchObject({ code: 0, stderr: "" });
    operations = readTrace(runs.at("whole.trace"), runs.at("whole"));
    // More than the trace has, where files that are opened for reading and operations that fail by themselves are missing.
    total = Number(readFileSync(runs.at("whole.count"), "utf8"));
    expect(total).toBeGreaterThan(operations.length);
  });

  /** Ends a run that something befell; its results must be those of the run that nothing befell. */
  async function goesOn(name: string): Promise<void> {
    const resuming = [...args(name), "--resume-from-checkpoint", "auto"];
    expect([name, await runs.run(resuming)]).toMatchObject([name, { code: 0 }]);
    expect([name, runs.differences(name, "whole")]).toEqual([name, []]);
  }

  const random = randomNumbers(7);
  const sample = (count: number) => Array.from({ length: count }, () => 1 + random(total));

  test("is an error with its path, or a death; what was saved is whole, and the run goes on bit for bit", async () => {
    const places = isFull ? Array.from({ length: total }, (_, i) => i + 1) : sample(6);
    const ends: Record<string, number> = {};
    for (const [i, at] of places.entries()) {
      const kind = faultKinds[(isFull ? (at + at / 6) | 0 : i) % faultKinds.length]!;
      const name = `${kind}-${at}`;
      const trace = runs.at(`${name}.trace`);
      const { code, signal, stderr } = await runs.run(
        args(name),
        failing(shim!, runs.at(name), trace, { at, kind }),
      );
      const end = signal ?? String(code);
      ends[`${kind} ${end}`] = (ends[`${kind} ${end}`] ?? 0) + 1;
      if (code === 7) expect([name, stderr]).toEqual([name, expect.stringMatching(/^error: .*cannot \w+/i)]);
      else expect([name, end]).toEqual([name, expect.stringMatching(/^(0|SIGKILL)$/)]);

      const saved = existsSync(trace) ? durableStep(readTrace(trace, runs.at(name))) : 0;
      const listed = await listCheckpoints(runs.at(name));
      for (const { path } of listed) await verifyCheckpoint(path);
      expect([name, listed.at(-1)?.step ?? 0]).toEqual([name, Math.max(saved, listed.at(-1)?.step ?? 0)]);
      await goesOn(name);
      rmSync(runs.at(name), { recursive: true });
      rmSync(trace, { force: true });
    }
    report(`${places.length} failing operations: ${JSON.stringify(ends)}`);
  }, 3_600_000);

  test("after a loss of power behind any write, the newest durable checkpoint is found", async () => {
    let states = 0;
    let resumed = 0;
    const resumes = new Set(isFull ? sample(25) : sample(2));
    const every = isFull ? 1 : 7;
    for (let length = 1; length <= operations.length; length += every) {
      const prefix = operations.slice(0, length);
      const saved = durableStep(prefix);
      for (const loss of losses) {
        const name = `power-${length}-${loss}`;
        afterPowerLoss(prefix, loss, runs.at(name));
        const found = await findResumePoint("auto", runs.at(name), () => {});
        expect([name, found?.state.globalStep ?? 0]).toEqual([
          name,
          Math.max(saved, found?.state.globalStep ?? 0),
        ]);
        states++;
        if (resumes.has(length)) {
          resumed++;
          await goesOn(name);
        }
        rmSync(runs.at(name), { recursive: true });
      }
    }
    report(`${states} states of the disk after a loss of power; from ${resumed} of them the run went on`);
  }, 3_600_000);

  test("the model of the disk leaves what the disk has, where nothing is lost", () => {
    afterPowerLoss(operations, "kept", runs.at("again"));
    expect(runs.names("again")).toEqual(runs.names("whole"));
    const file = (name: string) => readFileSync(runs.at(name, "model.safetensors"));
    expect(file("again").equals(file("whole"))).toBe(true);
  });
});
