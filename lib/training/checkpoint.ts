import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { sha256 } from "../files/sha256.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Numerics } from "../native/types.ts";
import type { SchedulerState } from "../optim/scheduler.ts";
import { syncFile, writeFolderDurably } from "./durable.ts";
import type { ProcessingClass, TrainableModel, TrainableOptimizer } from "./handles.ts";
import { type Progress, progressFromJson, progressToJson } from "./progress.ts";
import { stateFromJson, stateToJson, type TrainerState } from "./state.ts";
import { packageVersion } from "./versions.ts";

export const MANIFEST = "manifest.json";

/** What `manifest.json` says of a checkpoint; it is written last, so a folder that has it is complete. */
export interface Manifest {
  format: "torchner-checkpoint";
  version: 1;
  /** Of torchner, when it was written. */
  torchner: string;
  /** Of libtorch. */
  torch: string;
  step: number;
  numerics: Numerics;
  /** Fingerprint of the training data. */
  data: string;
  /** Whether it holds the state of its run beside the model. */
  resumable: boolean;
  files: Record<string, { bytes: number; sha256: string }>;
}

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
}

export function checkpointFolder(outputDir: string, step: number): string {
  return join(outputDir, `checkpoint-${step}`);
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
  await writeFolderDurably(checkpointFolder(outputDir, step), async (folder) => {
    await parts.model.savePretrained(folder);
    await parts.processingClass?.savePretrained(folder);
    await writeFile(join(folder, fileNames.state), stateToJson(parts.state));
    await writeJson(join(folder, fileNames.arguments), parts.trainingArguments);
    if (!onlyModel) await writeRunState(folder, parts);
    const { torchVersion: torch, data, model } = parts;
    await writeManifest(folder, { step, torch, numerics: model.numerics, data, resumable: !onlyModel });
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
  };
}

/**
 * Compares every file of a checkpoint with what was written.
 * @throws {TorchnerError} `ECHECKPOINT` naming the first file that is missing, cut off, or changed.
 */
export async function verifyCheckpoint(path: string): Promise<Manifest> {
  const manifest = await readManifest(path);
  if (!manifest) {
    throw damaged(path, MANIFEST, "is missing or not readable: it was not completely written by torchner");
  }
  for (const [name, written] of Object.entries(manifest.files)) {
    const file = join(path, name);
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size === undefined) throw damaged(path, name, "is missing");
    if (size !== written.bytes) throw damaged(path, name, `has ${size} bytes instead of ${written.bytes}`);
    if ((await sha256(file)) !== written.sha256)
      throw damaged(path, name, "has another content than was written (its sha256 differs)");
  }
  return manifest;
}

function damaged(path: string, name: string, what: string): TorchnerError {
  return new TorchnerError("ECHECKPOINT", `${join(path, name)} ${what}; resume from another checkpoint.`);
}

async function writeManifest(
  folder: string,
  run: Pick<Manifest, "step" | "torch" | "numerics" | "data" | "resumable">,
): Promise<void> {
  const files: Manifest["files"] = {};
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    await syncFile(path);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256(path) };
  }
  const manifest: Manifest = {
    format: "torchner-checkpoint",
    version: 1,
    torchner: packageVersion(),
    ...run,
    files,
  };
  await writeJson(join(folder, MANIFEST), manifest);
  await syncFile(join(folder, MANIFEST));
}

export interface ListedCheckpoint {
  path: string;
  step: number;
  resumable: boolean;
}

/** Complete checkpoints of a run, oldest first. A folder without a readable manifest is none, whatever its name. */
export async function listCheckpoints(outputDir: string): Promise<ListedCheckpoint[]> {
  const entries = await readdir(outputDir, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() && /^checkpoint-\d+$/.test(entry.name))
      .map(async (entry) => {
        const path = join(outputDir, entry.name);
        const manifest = await readManifest(path);
        return manifest && path === checkpointFolder(outputDir, manifest.step)
          ? { path, step: manifest.step, resumable: manifest.resumable }
          : undefined;
      }),
  );
  return found.filter((checkpoint) => checkpoint !== undefined).sort((a, b) => a.step - b.step);
}

/** The manifest of a checkpoint folder; undefined if it has none that can be read. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Partial<Manifest> | null;
    const ours =
      manifest?.format === "torchner-checkpoint" &&
      Number.isSafeInteger(manifest.step) &&
      typeof manifest.files === "object";
    return ours ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
