import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { interruptedWrites, writeFolderDurably } from "../files/durable.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Numerics } from "../native/types.ts";
import type { SchedulerState } from "../optim/scheduler.ts";
import { checkWeightsFinite } from "./finite_weights.ts";
import type { ProcessingClass, TrainableModel, TrainableOptimizer } from "./handles.ts";
import { type Manifest, readManifest, verifyCheckpoint, writeManifest } from "./manifest.ts";
import { replacedFiles } from "./outputs.ts";
import { type Progress, progressFromJson, progressToJson } from "./progress.ts";
import { stateFromJson, stateToJson, type TrainerState } from "./state.ts";
import { packageVersion } from "./versions.ts";

/** States of libtorch's CPU generator. */
export interface GeneratorStates {
  now: Uint8Array;
  /** When the epoch began, before its order was drawn. */
  epochStart: Uint8Array;
}

export interface CheckpointParts {
  model: TrainableModel;
  optimizer: TrainableOptimizer;
  scheduler: SchedulerState;
  processingClass?: ProcessingClass;
  generator: GeneratorStates;
  state: TrainerState;
  trainingArguments: Record<string, unknown>;
  progress: Progress;
  /** Of the training data: see `dataFingerprint`. */
  data: string;
  torchVersion: string;
  /** See `newRun`. */
  run: string;
  /** Whether a stop makes it, at a step where the run would not save. */
  stop: boolean;
}

const folderName = /^checkpoint-(\d+)$/;

export function checkpointFolder(outputDir: string, step: number): string {
  return join(outputDir, `checkpoint-${step}`);
}

/** The step in the name of a checkpoint's folder. */
export function stepOf(folder: string): number {
  return Number(folderName.exec(basename(folder))?.[1]);
}

/** A name for a run that begins. */
export function newRun(): string {
  return randomBytes(8).toString("hex");
}

/**
 * Writes `checkpoint-N` as a whole or not at all.
 * @param options.onlyModel  Transformers' `save_only_model`: smaller, and no run can go on from it.
 */
export async function writeCheckpoint(
  outputDir: string,
  parts: CheckpointParts,
  { onlyModel = false }: { onlyModel?: boolean } = {},
): Promise<void> {
  const step = parts.state.globalStep;
  const serial = ((await listCheckpoints(outputDir)).at(-1)?.serial ?? 0) + 1;
  await writeFolderDurably(checkpointFolder(outputDir, step), async (folder) => {
    await parts.model.savePretrained(folder);
    await checkWeightsFinite(join(folder, "model.safetensors"), step);
    await parts.processingClass?.savePretrained(folder);
    await writeFile(join(folder, fileNames.state), stateToJson(parts.state));
    await writeJson(join(folder, fileNames.arguments), parts.trainingArguments);
    if (!onlyModel) await writeRunState(folder, parts);
    const { torchVersion: torch, run, stop, data, model } = parts;
    const about = { torchner: packageVersion(), torch, step, run, stop, numerics: model.numerics, data };
    await writeManifest(folder, { ...about, serial, resumable: !onlyModel });
  });
}

const fileNames = {
  state: "trainer_state.json",
  arguments: "training_args.json",
  optimizer: "optimizer.safetensors",
  scheduler: "scheduler.json",
  generator: "rng_state.bin",
  epochGenerator: "epoch_rng_state.bin",
  progress: "progress.json",
} as const;

/** What only a resumed run reads. */
async function writeRunState(folder: string, parts: CheckpointParts): Promise<void> {
  await parts.optimizer.save(join(folder, fileNames.optimizer));
  await writeJson(join(folder, fileNames.scheduler), parts.scheduler);
  await writeFile(join(folder, fileNames.generator), parts.generator.now);
  await writeFile(join(folder, fileNames.epochGenerator), parts.generator.epochStart);
  await writeFile(join(folder, fileNames.progress), progressToJson(parts.progress));
}

/** A checkpoint as a resumed run reads it; weights and optimizer are read by those who own them. */
export interface StoredRun {
  path: string;
  optimizerPath: string;
  scheduler: SchedulerState;
  generator: GeneratorStates;
  state: TrainerState;
  trainingArguments: Record<string, unknown>;
  progress: Progress;
  config: Record<string, unknown>;
  numerics: Numerics;
  data: string;
  run: string;
}

/**
 * Reads a checkpoint, after every file of it was compared with the manifest.
 * @throws {TorchnerError} `ECHECKPOINT` naming the file and what is wrong with it.
 */
export async function readCheckpoint(path: string): Promise<StoredRun> {
  const manifest = await verifyCheckpoint(path);
  const json = async (name: string) => JSON.parse(await readFile(join(path, name), "utf8"));
  if (!manifest.resumable) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `${path} was saved with saveOnlyModel (--save-only-model), without the state of its run; ` +
        "start a new run from it: give it as the model.",
    );
  }
  return {
    path,
    optimizerPath: join(path, fileNames.optimizer),
    scheduler: await json(fileNames.scheduler),
    generator: {
      epochStart: await readFile(join(path, fileNames.epochGenerator)),
      now: await readFile(join(path, fileNames.generator)),
    },
    state: stateFromJson(await readFile(join(path, fileNames.state), "utf8")),
    trainingArguments: await json(fileNames.arguments),
    progress: progressFromJson(await readFile(join(path, fileNames.progress), "utf8")),
    config: await json("config.json"),
    numerics: manifest.numerics,
    data: manifest.data,
    run: manifest.run,
  };
}

export interface ListedCheckpoint extends Pick<Manifest, "step" | "serial" | "run" | "stop" | "resumable"> {
  path: string;
}

/** Complete checkpoints, the oldest first. A folder without a readable manifest is none, whatever its name. */
export async function listCheckpoints(outputDir: string): Promise<ListedCheckpoint[]> {
  const found = await Promise.all(
    (await checkpointFolders(outputDir)).map(async (path) => {
      const manifest = await readManifest(path);
      return manifest?.step === stepOf(path) ? { ...manifest, path } : undefined;
    }),
  );
  return found.filter((checkpoint) => checkpoint !== undefined).sort((a, b) => a.serial - b.serial);
}

/** Folders with the name of a checkpoint, whatever they hold, by step. */
export async function checkpointFolders(outputDir: string): Promise<string[]> {
  const entries = await readdir(outputDir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && folderName.test(entry.name))
    .map((entry) => join(outputDir, entry.name))
    .sort((a, b) => stepOf(a) - stepOf(b));
}

/**
 * Puts right what a process that died while it wrote has left: a checkpoint that is whole takes its place if that
 * is empty, which it is when an older checkpoint of the step was just moved out of it; the rest goes.
 */
export async function finishInterruptedWrites(
  outputDir: string,
  note: (line: string) => void,
): Promise<void> {
  for (const { path, target, gone } of await interruptedWrites(outputDir)) {
    if (replacedFiles.has(basename(target))) await rm(path, { recursive: true, force: true });
    if (!folderName.test(basename(target))) continue;
    const whole = gone ? undefined : await verifyCheckpoint(path).catch(() => undefined);
    const moved = whole && !(await readManifest(target)) && (await moveTo(path, target));
    if (moved) note(`${target} was being replaced when its run ended; found it again`);
    else await rm(path, { recursive: true, force: true });
  }
}

async function moveTo(path: string, target: string): Promise<true> {
  await rm(target, { recursive: true, force: true });
  await rename(path, target);
  return true;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
