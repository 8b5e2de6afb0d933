import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TorchnerError } from "../../../lib/native/errors.ts";
import {
  type CheckpointParts,
  listCheckpoints,
  readManifest,
  writeCheckpoint,
} from "../../../lib/training/checkpoint.ts";
import { writeFileDurably } from "../../../lib/training/durable.ts";
import { newTrainerState, stateToJson } from "../../../lib/training/state.ts";
import { FakeModel, FakeOptimizer, Recorder } from "./fakes.ts";

let folder: string;
let parts: CheckpointParts;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-checkpoint-"));
  parts = {
    model: new FakeModel(new Recorder()),
    optimizer: new FakeOptimizer(undefined, { lr: 1 }),
    scheduler: { name: "linear", base_lr: 1, last_step: 7, num_warmup_steps: 0, num_training_steps: 8 },
    processingClass: { savePretrained: (to) => writeFile(join(to, "tokenizer.json"), "{}") },
    rngState: Uint8Array.of(1, 2, 3),
    state: newTrainerState({ globalStep: 7 }),
    trainingArguments: { seed: 42 },
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
    "model.safetensors",
    "optimizer.safetensors",
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
  for (const step of [10, 9])
    await writeCheckpoint(folder, { ...parts, state: newTrainerState({ globalStep: step }) });
  await mkdir(join(folder, "checkpoint-11"));
  await mkdir(join(folder, "checkpoint-12"));
  await writeFile(join(folder, "checkpoint-12", "manifest.json"), '{"format": "torch');
  expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([9, 10]);
  expect(await listCheckpoints(join(folder, "absent"))).toEqual([]);
});

test("an error of the file system names the path and the room that is left", async () => {
  await writeFile(join(folder, "file"), "");
  const failure = await writeFileDurably(join(folder, "file", "state.json"), "{}").catch((error) => error);
  expect(failure).toBeInstanceOf(TorchnerError);
  expect(failure.code).toBe("EIO");
  expect(failure.message).toMatch(/state\.json: (ENOTDIR|EEXIST) \(\d+ MB free there\)/);
});
