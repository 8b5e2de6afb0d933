/**
 * Runs that are killed at random, while checkpoints are written above all, and go on until they end: each time the newest
 * checkpoint is whole, and the end is that of the run that nobody killed.
 */
import { rmSync, watch } from "node:fs";
import { listCheckpoints } from "../../lib/training/checkpoint.ts";
import { verifyCheckpoint } from "../../lib/training/manifest.ts";
import {
  describeWithAddon,
  isFull,
  type Running,
  randomNumbers,
  report,
  TinyRuns,
  until,
} from "./tiny_runs.ts";

describeWithAddon("a run that is killed", () => {
  const runs = new TinyRuns();
  afterAll(() => runs.remove());
  const args = (name: string) => [...runs.arguments(name, 40), "--save-steps", "1"];
  beforeAll(async () => {
    expect(await runs.run(args("whole"))).toMatchObject({ code: 0, stderr: "" });
  });

  const random = randomNumbers(3);

  /** Kills at a random moment: every second time just after a checkpoint has been begun. */
  async function killSometime(running: Running, name: string, whileWriting: boolean): Promise<void> {
    await until(running, () => runs.names(name).length > 0);
    if (whileWriting && running.child.exitCode === null) {
      const skipped = 1 + random(4);
      let seen = 0;
      const watcher = watch(runs.at(name), (_, file) => {
        if (file?.startsWith("tmp-checkpoint-")) seen++;
      });
      await until(running, () => seen >= skipped);
      watcher.close();
      await new Promise((resolve) => setTimeout(resolve, random(12)));
    } else await new Promise((resolve) => setTimeout(resolve, random(900)));
    running.child.kill("SIGKILL");
  }

  const wanted = isFull ? 1000 : 6;
  test(`${wanted} kills lose nothing`, async () => {
    let kills = 0;
    let writing = 0;
    let folders = 0;
    for (; kills < wanted; folders++) {
      const name = `killed-${folders}`;
      const resuming = [...args(name), "--resume-from-checkpoint", "auto"];
      let newest = 0;
      for (let ended = false; !ended; ) {
        const running = runs.start(resuming);
        if (kills < wanted) await killSometime(running, name, kills % 2 === 0);
        const { code, signal, stderr } = await running.ended;
        expect([name, signal ?? code, stderr]).toEqual([name, signal ? "SIGKILL" : 0, expect.any(String)]);
        ended = code === 0;
        if (ended) break;
        kills++;
        if (runs.names(name).some((one) => one.startsWith("tmp-checkpoint-"))) writing++;
        const listed = await listCheckpoints(runs.at(name));
        for (const { path } of listed) await verifyCheckpoint(path);
        const step = listed.at(-1)?.step ?? 0;
        expect(step).toBeGreaterThanOrEqual(newest);
        newest = step;
      }
      expect([name, runs.differences(name, "whole")]).toEqual([name, []]);
      rmSync(runs.at(name), { recursive: true });
    }
    report(
      `${kills} kills, ${writing} of them while a checkpoint was being written; ${folders} runs ended whole`,
    );
  }, 7_200_000);
});
