/** From which checkpoint a run goes on, and whether it is one of this run at all. */
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import type { TrainingArguments } from "./arguments.ts";
import { evalKey } from "./best.ts";
import { checkpointFolders, listCheckpoints, readCheckpoint, type StoredRun, stepOf } from "./checkpoint.ts";
import { readManifest, verifyCheckpoint } from "./manifest.ts";
import { snakeCase } from "./option_types.ts";
import { type LogRow, stateFromJson, type TrainerState } from "./state.ts";

/** A checkpoint's folder; `true`: the newest of the output folder; `auto`: the same, or none where there is none. */
export type ResumeFrom = string | boolean;

/**
 * The checkpoint to go on from, read and verified; undefined where the run starts from the beginning. Where the
 * newest one of the output folder is damaged, the one before it is taken, and `note` says so.
 * @throws {TorchnerError} `ECHECKPOINT` if there is none, or none that is whole.
 */
export async function findResumePoint(
  asked: ResumeFrom | undefined,
  outputDir: string,
  note: (line: string) => void,
): Promise<StoredRun | undefined> {
  if (asked === undefined || asked === false) return undefined;
  if (asked !== true && asked !== "auto") return readNamed(asked);
  const listed = (await listCheckpoints(outputDir)).filter(({ resumable }) => resumable).reverse();
  if (listed.length === 0) return nothingToResume(outputDir, asked);
  const faults: string[] = [];
  for (const { path, step } of listed) {
    try {
      const found = await readCheckpoint(path);
      faults.push(...(await unreadableAfter(step, outputDir)));
      for (const fault of faults) note(fault);
      if (faults.length > 0) note(`going on from ${path}, the newest checkpoint that is whole`);
      return found;
    } catch (error) {
      faults.push(checkpointFault(error));
    }
  }
  throw new TorchnerError(
    "ECHECKPOINT",
    `${outputDir} has no checkpoint that is whole:\n  ${faults.join("\n  ")}\n` +
      "Start again with overwriteOutputDir (--overwrite-output-dir).",
  );
}

/** Why a checkpoint is none; other errors are thrown on. */
export function checkpointFault(error: unknown): string {
  if ((error as TorchnerError).code !== "ECHECKPOINT") throw error;
  return (error as Error).message;
}

/** Faults of the folders with a higher step whose manifest tells nothing, not even whether they are newer. */
async function unreadableAfter(step: number, outputDir: string): Promise<string[]> {
  const later = (await checkpointFolders(outputDir)).filter((path) => stepOf(path) > step);
  const faults: string[] = [];
  for (const path of later) {
    if (await readManifest(path)) continue;
    await verifyCheckpoint(path).catch((error) => faults.push(checkpointFault(error)));
  }
  return faults;
}

async function readNamed(folder: string): Promise<StoredRun> {
  const path = resolve(folder);
  if (await readManifest(path)) return readCheckpoint(folder);
  const names = await readdir(path).catch(() => undefined);
  if (names?.includes("optimizer.pt")) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `${folder} is a checkpoint of Python's Trainer, whose state is pickled and not read here; ` +
        "give it as the model, to start a new run from its weights.",
    );
  }
  const inside = (await listCheckpoints(folder)).at(-1);
  throw new TorchnerError(
    "ECHECKPOINT",
    inside
      ? `${folder} is an output folder; give one of its checkpoints, e.g. ${inside.path}.`
      : `${folder} ${names ? "is no complete checkpoint: it has no readable manifest.json" : "does not exist"}; ` +
          "give a checkpoint-N folder that torchner wrote.",
  );
}

/** Folders that look like checkpoints and are none must not make a run start over in silence. */
async function nothingToResume(outputDir: string, asked: ResumeFrom): Promise<undefined> {
  const names = (await checkpointFolders(outputDir)).map((path) => basename(path));
  if (asked === "auto" && names.length === 0) return undefined;
  const found = names.length > 0 ? `, but ${names.join(", ")}, which cannot be resumed` : "";
  throw new TorchnerError(
    "ECHECKPOINT",
    `${outputDir} has no checkpoint to resume from${found}; ` +
      "give another folder, or start anew with overwriteOutputDir (--overwrite-output-dir).",
  );
}

/** The end of a run that has ended in this folder: its state, and the results of training. */
export interface EndedRun {
  state: TrainerState;
  results: LogRow;
}

const STATE_FILE = "trainer_state.json";

/** A run that has ended leaves its state in the folder's root, its results as the last row of the log. */
export async function findEndedRun(outputDir: string): Promise<EndedRun | undefined> {
  const text = await readFile(join(outputDir, STATE_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  let state: TrainerState;
  try {
    state = stateFromJson(text);
  } catch {
    return undefined; // the checkpoints tell more
  }
  const { step: _, ...results } = state.logHistory.at(-1) ?? {};
  return "train_runtime" in results ? { state, results } : undefined;
}

/** Another run's end, or that of a run which goes on longer, says nothing about the checkpoint that was written now. */
export async function forgetEndedRun(outputDir: string): Promise<void> {
  await rm(join(outputDir, STATE_FILE), { force: true });
}

/** Options that decide what is learned; the others (logging, saving, threads) may change between two parts of a run. */
const learningOptions = [
  "numTrainEpochs",
  "maxSteps",
  "learningRate",
  "lrSchedulerType",
  "lrSchedulerKwargs",
  "warmupSteps",
  "warmupRatio",
  "weightDecay",
  "adamBeta1",
  "adamBeta2",
  "adamEpsilon",
  "maxGradNorm",
  "labelSmoothingFactor",
  "perDeviceTrainBatchSize",
  "gradientAccumulationSteps",
  "gradientAccumulationLoss",
  "dataloaderDropLast",
  "groupByLength",
  "seed",
  "dataSeed",
  "bf16",
] as const satisfies readonly (keyof TrainingArguments)[];

/** Entries of config.json that say who wrote it, not what the model is. */
const incidental = new Set([
  "_name_or_path",
  "transformers_version",
  "torch_dtype",
  "dtype",
  "architectures",
  "id2label",
  "label2id",
  "num_labels",
]);

/** What this run is, to be compared with a checkpoint. */
export interface ThisRun {
  args: TrainingArguments;
  labels: readonly string[];
  config: Record<string, unknown>;
  numerics: string;
  data: string;
}

/**
 * @throws {TorchnerError} `ECHECKPOINT` listing every difference between a checkpoint and the run that would go on
 *   from it: labels, model, data, options.
 */
export function checkSameRun(stored: StoredRun, run: ThisRun): void {
  const differences = [
    ...labelDifferences(labelsIn(stored.config), run.labels),
    ...configDifferences(stored.config, run.config),
    ...(stored.data === run.data ? [] : ["the training data (its sentences, labels, or their encoding)"]),
    ...(stored.numerics === run.numerics ? [] : [`numerics: ${stored.numerics} there, ${run.numerics} here`]),
    ...optionDifferences(stored.trainingArguments, run.args),
    ...bestDifferences(stored, run.args),
  ];
  if (differences.length === 0) return;
  throw new TorchnerError(
    "ECHECKPOINT",
    `${stored.path} belongs to another run:\n  ${differences.join("\n  ")}\n` +
      "Resume with what that run had, or go on all the same with force (--force).",
  );
}

function labelsIn(config: Record<string, unknown>): string[] {
  const named = (config.id2label ?? {}) as Record<string, string>;
  return Object.keys(named)
    .sort((a, b) => Number(a) - Number(b))
    .map((id) => named[id]!);
}

function labelDifferences(stored: readonly string[], given: readonly string[]): string[] {
  if (stored.join("\n") === given.join("\n")) return [];
  return [`labels: ${stored.join(", ")} there, ${given.join(", ")} here`];
}

function configDifferences(stored: Record<string, unknown>, given: Record<string, unknown>): string[] {
  const keys = [...new Set([...Object.keys(stored), ...Object.keys(given)])].filter(
    (key) => !incidental.has(key),
  );
  return keys
    .filter((key) => JSON.stringify(stored[key]) !== JSON.stringify(given[key]))
    .map((key) => `the model's ${key}: ${show(stored[key])} there, ${show(given[key])} here`);
}

function optionDifferences(stored: Record<string, unknown>, args: TrainingArguments): string[] {
  const given = args.toJSON();
  const differences = learningOptions
    .map(snakeCase)
    .filter((name) => JSON.stringify(stored[name] ?? null) !== JSON.stringify(given[name] ?? null))
    .map((name) => `${name}: ${show(stored[name])} there, ${show(given[name])} here`);
  return differences;
}

/** The best value so far cannot be compared with those of another metric. */
export function bestDifferences(
  { state, trainingArguments: stored }: StoredRun,
  args: TrainingArguments,
): string[] {
  const given = args.toJSON();
  if (state.bestMetric === null || !given.metric_for_best_model) return [];
  const key = (metric: unknown) => evalKey(String(metric));
  const [there, here] = [stored, given].map(
    (options) =>
      `${key(options.metric_for_best_model)}, ${options.greater_is_better ? "the greater" : "the smaller"}`,
  );
  return there === here ? [] : [`what is best: ${there} there, ${here} here`];
}

function show(value: unknown): string {
  return value === undefined || value === null ? "not set" : JSON.stringify(value);
}
