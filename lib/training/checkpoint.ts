import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { sha256 } from "../files/sha256.ts";
import type { SchedulerState } from "../optim/scheduler.ts";
import { syncFile, writeFolderDurably } from "./durable.ts";
import type { ProcessingClass, TrainableModel, TrainableOptimizer } from "./handles.ts";
import { stateToJson, type TrainerState } from "./state.ts";
import { packageVersion } from "./versions.ts";

export const MANIFEST = "manifest.json";

/** What `manifest.json` says of a checkpoint; it is written last, so a folder that has it is complete. */
export interface Manifest {
  format: "torchner-checkpoint";
  version: 1;
  /** Of torchner, when it was written. */
  torchner: string;
  step: number;
  files: Record<string, { bytes: number; sha256: string }>;
}

export interface CheckpointParts {
  model: TrainableModel;
  optimizer: TrainableOptimizer;
  scheduler: SchedulerState;
  processingClass?: ProcessingClass;
  /** State of libtorch's generators. */
  rngState: Uint8Array;
  state: TrainerState;
  trainingArguments: Record<string, unknown>;
}

export function checkpointFolder(outputDir: string, step: number): string {
  return join(outputDir, `checkpoint-${step}`);
}

/** Writes `checkpoint-N` as a whole or not at all. */
export async function writeCheckpoint(outputDir: string, parts: CheckpointParts): Promise<void> {
  const step = parts.state.globalStep;
  await writeFolderDurably(checkpointFolder(outputDir, step), async (folder) => {
    await parts.model.savePretrained(folder);
    await parts.processingClass?.savePretrained(folder);
    await parts.optimizer.save(join(folder, "optimizer.safetensors"));
    await writeJson(join(folder, "scheduler.json"), parts.scheduler);
    await writeFile(join(folder, "rng_state.bin"), parts.rngState);
    await writeFile(join(folder, "trainer_state.json"), stateToJson(parts.state));
    await writeJson(join(folder, "training_args.json"), parts.trainingArguments);
    await writeManifest(folder, step);
  });
}

async function writeManifest(folder: string, step: number): Promise<void> {
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
    step,
    files,
  };
  await writeJson(join(folder, MANIFEST), manifest);
  await syncFile(join(folder, MANIFEST));
}

/** Complete checkpoints of a run, oldest first. A folder without a readable manifest is none, whatever its name. */
export async function listCheckpoints(outputDir: string): Promise<{ path: string; step: number }[]> {
  const entries = await readdir(outputDir, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() && /^checkpoint-\d+$/.test(entry.name))
      .map(async (entry) => {
        const path = join(outputDir, entry.name);
        const manifest = await readManifest(path);
        return manifest ? { path, step: manifest.step } : undefined;
      }),
  );
  return found.filter((checkpoint) => checkpoint !== undefined).sort((a, b) => a.step - b.step);
}

/** The manifest of a checkpoint folder; undefined if it has none that can be read. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Partial<Manifest> | null;
    const ours = manifest?.format === "torchner-checkpoint" && Number.isSafeInteger(manifest.step);
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
