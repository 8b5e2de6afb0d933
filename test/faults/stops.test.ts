/** Runs that are stopped, killed, or started twice: what is left, and whether the next run can go on. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { RUN_LOCK } from "../../lib/training/run_lock.ts";
import { binary } from "../e2e/tiny_run.ts";
import { describeWithAddon, isFull, randomNumbers, report, TinyRuns, until } from "./tiny_runs.ts";

describeWithAddon("a run of the binary", () => {
  const runs = new TinyRuns();
  afterAll(() => runs.remove());
  const steps = 40;
  const resuming = (name: string) => [...runs.arguments(name, steps), "--resume-from-checkpoint", "auto"];
  beforeAll(async () => {
    expect(await runs.run(runs.arguments("whole", steps))).toMatchObject({ code: 0, stderr: "" });
  });
  const hasStep = (name: string) => runs.names(name).some((one) => one.startsWith("checkpoint-"));

  test("holds its folder; one that was killed stops no later run", async () => {
    const first = runs.start(runs.arguments("twice", 1_000_000));
    await until(first, () => existsSync(runs.at("twice", RUN_LOCK)));
    for (const more of [[], ["--resume-from-checkpoint", "auto"], ["--overwrite-output-dir"]]) {
      const second = await runs.run([...runs.arguments("twice"), ...more]);
      const named = `twice is in use by the run of process ${first.child.pid} on ${hostname()}`;
      expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(named) });
    }
    await until(first, () => hasStep("twice"));
    first.child.kill("SIGKILL");
    expect(await first.ended).toMatchObject({ signal: "SIGKILL" });
    expect(runs.names("twice")).toContain(RUN_LOCK);
    const next = await runs.run([...runs.arguments("twice", 2), "--overwrite-output-dir"]);
    expect(next).toMatchObject({ code: 0, stderr: "" });
    expect(runs.names("twice")).not.toContain(RUN_LOCK);
  });

  test("two that start at once: one is refused", async () => {
    const both = [1, 2].map(() => runs.run(runs.arguments("at-once", 2)));
    const codes = (await Promise.all(both)).map(({ code }) => code);
    expect(codes.sort()).toEqual([0, 2]);
  });

  const count = isFull ? 100 : 3;
  test(`SIGTERM and SIGINT at ${count} moments: saved, 75, and the printed command ends it as if never stopped`, async () => {
    const random = randomNumbers(1);
    const waits: number[] = [];
    for (let i = 0; i < count; i++) {
      const name = `stopped-${i}`;
      const running = runs.start(runs.arguments(name, steps));
      await until(running, () => hasStep(name));
      await new Promise((resolve) => setTimeout(resolve, random(120)));
      const from = performance.now();
      running.child.kill(i % 2 ? "SIGINT" : "SIGTERM");
      const { code, stderr } = await running.ended;
      if (code === 0) continue; // it was faster
      waits.push(performance.now() - from);
      const command = /go on with torchner (.*)\n$/.exec(stderr)?.[1];
      expect([code, command]).toEqual([75, expect.stringContaining("--resume-from-checkpoint auto")]);
      expect(runs.names(name).filter((one) => !one.startsWith("checkpoint-"))).toEqual([]);
      const again = runs.startProgram("sh", ["-c", `"$0" "$1" ${command}`, process.execPath, binary]);
      expect(await again.ended).toMatchObject({ code: 0, stderr: "" });
      expect(runs.differences(name, "whole").filter((what) => !/^names|^checkpoint/.test(what))).toEqual([]);
    }
    expect(waits.length).toBeGreaterThan(0);
    waits.sort((a, b) => a - b);
    report(
      `${waits.length} stops; from the signal to the exit ${waits[waits.length >> 1]!.toFixed(0)} ms in the median, ` +
        `${waits.at(-1)!.toFixed(0)} ms at most`,
    );
    expect(waits.at(-1)).toBeLessThan(10_000);
  }, 600_000);

  test("a second signal ends it at once; what it was writing is cleared away by the next run", async () => {
    for (let i = 0; i < (isFull ? 20 : 2); i++) {
      const name = `twice-stopped-${i}`;
      const running = runs.start(runs.arguments(name, steps));
      await until(running, () => hasStep(name));
      running.child.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, i));
      running.child.kill("SIGTERM");
      const { code, signal } = await running.ended;
      expect([75, null]).toContain(code);
      if (code === null) expect(signal).toBe("SIGTERM");
      expect(await runs.run(resuming(name))).toMatchObject({ code: 0 });
      expect(runs.differences(name, "whole").filter((what) => !/^names|^checkpoint/.test(what))).toEqual([]);
      expect(runs.names(name).filter((one) => /^tmp-|lock$/.test(one))).toEqual([]);
    }
  }, 300_000);
});
