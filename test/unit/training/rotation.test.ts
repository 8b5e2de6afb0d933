import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeManifest } from "../../../lib/training/manifest.ts";
import {
  checkpointsToDelete,
  deleteRun,
  keepOnlyBest,
  rotateCheckpoints,
} from "../../../lib/training/rotation.ts";

const names = (...steps: number[]) => steps.map((step) => `out/checkpoint-${step}`);

test.each([
  // [there are, limit, best, these go]
  [[1, 2, 3], 2, null, [1]],
  [[1, 2, 3], 3, null, []],
  [[1, 2, 3], 1, null, [1, 2]],
  [[1, 2, 3], 1, 1, [2]], // the newest and the best: two stay
  [[1, 2, 3], 2, 1, [2]],
  [[1, 2, 3, 4], 2, 3, [1, 2]],
  [[1, 2, 3], 1, 3, [1, 2]],
  [[2, 3, 4], 2, 1, [2]], // the best is gone already and protects nothing
])("of checkpoints %j with limit %i and best %p, %j go", (steps, limit, best, gone) => {
  const kept = [...names(steps.at(-1)!), ...(best === null ? [] : [`./out/checkpoint-${best}`])];
  expect(checkpointsToDelete(names(...steps), limit, kept)).toEqual(names(...gone));
});

describe("on disk", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "torchner-rotation-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  let serial = 0;
  async function checkpoint(step: number, run = "one") {
    const path = join(folder, `checkpoint-${step}`);
    await mkdir(path);
    const about = {
      torchner: "0",
      torch: "0",
      stop: false,
      numerics: "fast",
      data: "",
      resumable: true,
    } as const;
    await writeManifest(path, { ...about, step, serial: ++serial, run });
    return path;
  }

  test("checkpoints go by number, not by name, and folders without a manifest are left alone", async () => {
    for (const step of [9, 10, 100]) await checkpoint(step);
    await mkdir(join(folder, "checkpoint-1"));
    await rotateCheckpoints(folder, 2, { written: 100, best: null });
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-1", "checkpoint-10", "checkpoint-100"]);
  });

  test("the one just written stays although an older run left higher numbers", async () => {
    for (const step of [500, 1000, 2]) await checkpoint(step);
    await rotateCheckpoints(folder, 2, { written: 2, best: null });
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-1000", "checkpoint-2"]);
    await rotateCheckpoints(folder, 1, { written: 2, best: null });
    expect(await readdir(folder)).toEqual(["checkpoint-2"]);
  });

  test("an older run's go before those of this one", async () => {
    for (const step of [500, 1000, 2, 3]) await checkpoint(step);
    await rotateCheckpoints(folder, 2, { written: 3, best: null });
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-2", "checkpoint-3"]);
  });

  test("a run that is given up takes its own along", async () => {
    await checkpoint(5);
    await checkpoint(1, "other");
    await checkpoint(2, "other");
    await deleteRun(folder, "other");
    expect(await readdir(folder)).toEqual(["checkpoint-5"]);
  });

  test("at the end a limit of 1 leaves the best alone", async () => {
    const best = await checkpoint(5);
    await checkpoint(10);
    await keepOnlyBest(folder, 2, best);
    expect(await readdir(folder)).toHaveLength(2);
    await keepOnlyBest(folder, 1, best);
    expect(await readdir(folder)).toEqual(["checkpoint-5"]);
  });
});
