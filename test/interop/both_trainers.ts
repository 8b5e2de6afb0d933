/** The same run in transformers' Trainer and in ours, and what is left to compare: everything but the clock. */
import { join } from "node:path";
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
}

export interface Compared {
  ours: Row[];
  theirs: Row[];
  /** Parameters with another bit, and how many of their elements. */
  differing: string[];
  /** Number of parameters and of their elements. */
  parameters: { tensors: number; elements: number };
  rngStates: { ours: string; theirs: string };
}

export async function compareTrainers(run: TrainerRun): Promise<Compared> {
  const { start, folder, threads, labels, train, validation, settings } = run;
  const theirs = await runPython<{ log: Row[]; rngState: string }>("trainer_run.py", {
    ...{ start, folder, threads, labels, train, validation },
    arguments: inSnakeCase(settings),
  });
  const ours = await trainHere(run);
  return {
    ...{ ours: ours.log, theirs: theirs.log.map(withoutTimes) },
    ...{ differing: ours.differing, parameters: ours.parameters },
    rngStates: { ours: ours.rngState, theirs: theirs.rngState },
  };
}

async function trainHere({ start, folder, threads, labels, train, validation, settings }: TrainerRun) {
  await setNumThreads(threads);
  const tokenizer = await AutoTokenizer.fromPretrained(start);
  await setSeed(settings.seed);
  using model = await AutoModelForTokenClassification.fromPretrained(start, {
    labels,
    numerics: "reference",
  });
  const encode = tokenizeAndAlignLabels(tokenizer, { labelStrategy: "first" });
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      ...settings,
      numerics: "reference",
      outputDir: join(folder, "ours"),
      saveStrategy: "no",
      disableTqdm: true,
    }),
    trainDataset: new Dataset(await encode(train, labels)),
    evalDataset: new Dataset(await encode(validation, labels)),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(labels),
  });
  await trainer.train();
  const rngState = Buffer.from(await getRngState()).toString("hex");
  const differing = await differingParameters(model, join(folder, "end.safetensors"));
  const parameters = { tensors: model.parameterNames().length, elements: model.parameterCount().total };
  tokenizer.dispose();
  return {
    log: trainer.state.logHistory.map((row) => withoutTimes(row as Row)),
    rngState,
    differing,
    parameters,
  };
}

/** A row without what the clock decides. */
function withoutTimes(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !/_runtime$|_per_second$/.test(key)));
}

function inSnakeCase(settings: Record<string, unknown>): Record<string, unknown> {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [snake(name), value]));
}
