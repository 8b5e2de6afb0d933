import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileDurably } from "../../../lib/files/durable.ts";
import { TorchnerError } from "../../../lib/native/errors.ts";
import {
  type CheckpointParts,
  finishInterruptedWrites,
  listCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from "../../../lib/training/checkpoint.ts";
import { readManifest } from "../../../lib/training/manifest.ts";
import { newTrainerState, stateToJson } from "../../../lib/training/state.ts";
import { FakeModel, FakeOptimizer, Recorder } from "./fakes.ts";

let folder: string;
let parts: CheckpointParts;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-checkpoint-"));
  parts = {
    model: new FakeModel(new Recorder()),
    optimizer: new FakeOptimizer(undefined, { lr: 1 }),
    scheduler: {
      name: "linear",
      base_lr: 1,
      last_step: 7,
      num_warmup_steps: 0,
      num_training_steps: 8,
      kwargs: {},
    },
    processingClass: { savePretrained: (to) => writeFile(join(to, "tokenizer.json"), "{}") },
    generator: { now: Uint8Array.of(1, 2, 3), epochStart: Uint8Array.of(4) },
    state: newTrainerState({ globalStep: 7, logHistory: [{ loss: Number.NaN, step: 7 }] }),
    trainingArguments: { seed: 42 },
    progress: {
      ...{ epoch: 1, updates_in_epoch: 2, epoch_ended: false, due: { evaluate: false, save: false } },
      last_update: { grad_norm: Number.NaN, learning_rate: 0.1 },
      losses: { sum: 0.5, logged_step: 5, total: Number.POSITIVE_INFINITY, non_finite: 1 },
    },
    data: "abc",
    torchVersion: "2.13.0",
    ...{ run: "one", stop: false },
  };
});
afterEach(() => rm(folder, { recursive: true }));

test("a checkpoint holds all that a resumed run needs, each file with its hash", async () => {
  await writeCheckpoint(folder, parts);
  expect(await readdir(folder)).toEqual(["checkpoint-7"]);
  const path = join(folder, "checkpoint-7");
  const manifest = (await readManifest(path))!;
  expect(Object.keys(manifest.files)).toEqual([
    "config.json",
    "epoch_rng_state.bin",
    "model.safetensors",
    "optimizer.safetensors",
    "progress.json",
    "rng_state.bin",
    "scheduler.json",
    "tokenizer.json",
    "trainer_state.json",
    "training_args.json",
  ]);
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const content = await readFile(join(path, name));
    expect(bytes).toBe(content.length);
    expect(sha256).toBe(createHash("sha256").update(content).digest("hex"));
  }
  expect(await readFile(join(path, "trainer_state.json"), "utf8")).toBe(stateToJson(parts.state));
});

test("what is read back is what was saved, numbers that are not finite included", async () => {
  await writeCheckpoint(folder, parts);
  const stored = await readCheckpoint(join(folder, "checkpoint-7"));
  expect(stored).toMatchObject({
    ...{ scheduler: parts.scheduler, progress: parts.progress, state: parts.state, data: "abc" },
    ...{ trainingArguments: { seed: 42 }, config: {}, numerics: "fast" },
  });
  expect([...stored.generator.now, ...stored.generator.epochStart]).toEqual([1, 2, 3, 4]);
});

describe("a checkpoint that was damaged is refused, naming the file and the cause", () => {
  const path = () => join(folder, "checkpoint-7");
  const names = [
    ...["config.json", "model.safetensors", "optimizer.safetensors", "progress.json", "rng_state.bin"],
    ...[
      "epoch_rng_state.bin",
      "scheduler.json",
      "tokenizer.json",
      "trainer_state.json",
      "training_args.json",
    ],
  ];
  const refusal = (name: string, what: RegExp) => ({
    code: "ECHECKPOINT",
    message: expect.stringMatching(new RegExp(`checkpoint-7/${name} ${what.source}`)),
  });

  test.each(names)("%s: cut off, a flipped bit, gone", async (name) => {
    await writeCheckpoint(folder, parts);
    const content = await readFile(join(path(), name));
    await writeFile(join(path(), name), content.subarray(1));
    await expect(readCheckpoint(path())).rejects.toMatchObject(refusal(name, /has \d+ bytes instead of/));
    const flipped = Buffer.from(content);
    flipped[0]! ^= 1;
    await writeFile(join(path(), name), flipped);
    await expect(readCheckpoint(path())).rejects.toMatchObject(refusal(name, /has another content/));
    await rm(join(path(), name));
    await expect(readCheckpoint(path())).rejects.toMatchObject(refusal(name, /is missing/));
  });

  test("the manifest itself", async () => {
    await writeCheckpoint(folder, parts);
    await writeFile(join(path(), "manifest.json"), "{");
    await expect(readCheckpoint(path())).rejects.toMatchObject(
      refusal("manifest.json", /is missing, damaged, or not completely/),
    );
  });
});

test("one that holds only the model cannot be resumed, and says so", async () => {
  await writeCheckpoint(folder, parts, { onlyModel: true });
  expect(await readdir(join(folder, "checkpoint-7"))).not.toContain("optimizer.safetensors");
  await expect(readCheckpoint(join(folder, "checkpoint-7"))).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("saveOnlyModel"),
  });
});

test("a save that fails leaves the older checkpoint of that step and nothing else", async () => {
  await writeCheckpoint(folder, parts);
  const failing = {
    ...parts,
    processingClass: { savePretrained: () => Promise.reject(new Error("no room")) },
  };
  await expect(writeCheckpoint(folder, failing)).rejects.toThrow("no room");
  expect(await readdir(folder)).toEqual(["checkpoint-7"]);
  expect(await readManifest(join(folder, "checkpoint-7"))).toMatchObject({ step: 7 });
});

test("a checkpoint of the same step is replaced as a whole", async () => {
  await writeCheckpoint(folder, parts);
  await writeFile(join(folder, "checkpoint-7", "left-over"), "");
  await writeCheckpoint(folder, parts);
  expect(await readdir(folder)).toEqual(["checkpoint-7"]);
  expect(await readdir(join(folder, "checkpoint-7"))).not.toContain("left-over");
});

test("only folders with a readable manifest are checkpoints", async () => {
  for (const step of [9, 10])
    await writeCheckpoint(folder, { ...parts, state: newTrainerState({ globalStep: step }) });
  await mkdir(join(folder, "checkpoint-11"));
  await mkdir(join(folder, "checkpoint-12"));
  await writeFile(join(folder, "checkpoint-12", "manifest.json"), '{"format": "torch');
  expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([9, 10]);
  expect(await listCheckpoints(join(folder, "absent"))).toEqual([]);
});

test("they are listed in the order of writing: an older run may have left higher steps", async () => {
  const at = (step: number) => ({ ...parts, state: newTrainerState({ globalStep: step }) });
  for (const step of [500, 1000, 3, 500]) await writeCheckpoint(folder, at(step));
  expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([1000, 3, 500]);
});

test.each([
  "null",
  '{"files": null}',
  '{"files": {"a": null}}',
  '{"step": "7"}',
])("a manifest with %s is none", async (change) => {
  await writeCheckpoint(folder, parts);
  const path = join(folder, "checkpoint-7", "manifest.json");
  const changed = JSON.parse(change) && {
    ...JSON.parse(await readFile(path, "utf8")),
    ...JSON.parse(change),
  };
  await writeFile(path, JSON.stringify(changed));
  await expect(readCheckpoint(join(folder, "checkpoint-7"))).rejects.toMatchObject({ code: "ECHECKPOINT" });
  expect(await listCheckpoints(folder)).toEqual([]);
});

describe("after a death while a checkpoint was being written", () => {
  const notes: string[] = [];
  const finish = () => finishInterruptedWrites(folder, (line) => notes.push(line));
  const at = (name: string) => join(folder, name);
  beforeEach(() => void notes.splice(0));

  test("one that was moved out of the way for a new one is found again", async () => {
    await writeCheckpoint(folder, parts);
    await cp(at("checkpoint-7"), at("tmp-checkpoint-7-0123abcd-old"), { recursive: true });
    await rename(at("checkpoint-7"), at("tmp-checkpoint-7-0123abcd"));
    await finish();
    expect(await readdir(folder)).toEqual(["checkpoint-7"]);
    expect((await readCheckpoint(at("checkpoint-7"))).state.globalStep).toBe(7);
    expect(notes).toEqual([expect.stringContaining("checkpoint-7 was being replaced")]);
  });

  test("what is half written goes, and what is none of ours stays", async () => {
    await writeCheckpoint(folder, parts);
    await mkdir(at("tmp-checkpoint-8-0123abcd"));
    await writeFile(at("tmp-checkpoint-8-0123abcd/model.safetensors"), "half");
    await cp(at("checkpoint-7"), at("tmp-checkpoint-3-0123abcd-gone"), { recursive: true }); // half deleted
    await writeFile(at("tmp-trainer_state.json-0123abcd"), "half");
    await mkdir(at("tmp-mine-0123abcd"));
    await finish();
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-7", "tmp-mine-0123abcd"]);
    expect(notes).toEqual([]);
  });
});

test("an error of the file system names the path and the room that is left", async () => {
  await writeFile(join(folder, "file"), "");
  const failure = await writeFileDurably(join(folder, "file", "state.json"), "{}").catch((error) => error);
  expect(failure).toBeInstanceOf(TorchnerError);
  expect(failure.code).toBe("EIO");
  expect(failure.message).toMatch(/state\.json: cannot write: (not a directory|file already exists)\.$/);
});
