/** The same run in transformers' Trainer and in ours, and what is left to compare: everything but the clock. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { DataCollatorForTokenClassification } from "../../lib/data/collator.ts";
import { Dataset } from "../../lib/data/dataset.ts";
import { tokenizeAndAlignLabels } from "../../lib/data/tokenize_and_align.ts";
import type { Example } from "../../lib/data/types.ts";
import { seqeval } from "../../lib/metrics/seqeval.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { getRngState, setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import { AutoTokenizer } from "../../lib/tokenization/tokenizer.ts";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { Trainer } from "../../lib/training/trainer.ts";
import { differingParameters } from "./bits.ts";
import { runPython } from "./python_process.ts";

export type Row = Record<string, number>;

export interface TrainerRun {
  /** The checkpoint to start from; a classifier that it lacks is drawn after `seed`. */
  start: string;
  /** Takes what both sides write. */
  folder: string;
  threads: number;
  labels: readonly string[];
  train: readonly Example[];
  validation: readonly Example[];
  settings: Record<string, unknown> & { seed: number };
  /** An option that has two spellings: ours, and that of transformers 5. */
  spelled?: { ours: Record<string, unknown>; theirs: Record<string, unknown> };
  /** How Python's losses of one update's batches are put together; without it as its Trainer does for BERT. */
  accumulation?: "token" | "mean";
}

/** What a run says and leaves, besides its weights. */
interface Outcome {
  /** The log, without what the clock decides. */
  log: Row[];
  best: { best_global_step: number | null; best_metric: number | null; best_model_checkpoint: string };
  /** Names of the checkpoint folders that stayed. */
  checkpoints: string[];
  /** The state of the generator, in hexadecimal. */
  rngState: string;
}

export interface Compared {
  ours: Outcome;
  theirs: Outcome;
  /** Parameters with another bit, and how many of their elements. */
  differing: string[];
  /** Number of parameters and of their elements. */
  parameters: { tensors: number; elements: number };
}

export async function compareTrainers(run: TrainerRun): Promise<Compared> {
  const { settings, spelled, accumulation, ...shared } = run;
  const theirs = await runPython<Outcome>("trainer_run.py", {
    ...{ ...shared, accumulation: accumulation ?? null },
    arguments: inSnakeCase({ saveStrategy: "no", ...settings, ...spelled?.theirs }),
  });
  return { ...(await trainHere(run)), theirs: { ...theirs, log: theirs.log.map(withoutTimes) } };
}

async function trainHere(run: TrainerRun): Promise<Omit<Compared, "theirs">> {
  const { start, folder, threads, labels, train, validation, settings } = run;
  await setNumThreads(threads);
  const tokenizer = await AutoTokenizer.fromPretrained(start);
  await setSeed(settings.seed);
  using model = await AutoModelForTokenClassification.fromPretrained(start, {
    labels,
    numerics: "reference",
  });
  const encode = tokenizeAndAlignLabels(tokenizer, { labelStrategy: "first" });
  const outputDir = join(folder, "ours");
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      ...{ saveStrategy: "no", ...settings, ...run.spelled?.ours },
      ...{ numerics: "reference", outputDir, disableTqdm: true },
    }),
    trainDataset: new Dataset(await encode(train, labels)),
    evalDataset: new Dataset(await encode(validation, labels)),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(labels),
  });
  await trainer.train();
  const { logHistory, bestGlobalStep, bestMetric, bestModelCheckpoint } = trainer.state;
  const ours = {
    log: logHistory.map((row) => withoutTimes(row as Row)),
    best: {
      best_global_step: bestGlobalStep,
      best_metric: bestMetric,
      best_model_checkpoint: basename(bestModelCheckpoint ?? ""),
    },
    checkpoints: readdirSync(outputDir)
      .filter((name) => name.startsWith("checkpoint-"))
      .sort(),
    rngState: Buffer.from(await getRngState()).toString("hex"),
  };
  const differing = await differingParameters(model, join(folder, "end.safetensors"));
  const parameters = { tensors: model.parameterNames().length, elements: model.parameterCount().total };
  tokenizer.dispose();
  return { ours, differing, parameters };
}

/** A row without what the clock decides. */
function withoutTimes(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !/_runtime$|_per_second$/.test(key)));
}

function inSnakeCase(settings: Record<string, unknown>): Record<string, unknown> {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [snake(name), value]));
}
