/** What `torchner train` does once its options are known. */
import { basename } from "node:path";
import type { TrainerCallback } from "../callbacks/callback.ts";
import { earlyStopping } from "../callbacks/early_stopping.ts";
import { DataCollatorForTokenClassification } from "../data/collator.ts";
import { DatasetDict, type EncodedDatasetDict } from "../data/dataset.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { tokenizeAndAlignLabels } from "../data/tokenize_and_align.ts";
import { defaultCheckpoint, resolveModel } from "../hub/resolve.ts";
import { type EntityScores, flattenEntityScores } from "../metrics/entities.ts";
import { AutoModelForTokenClassification } from "../model/auto.ts";
import { labelsOf, type ModelConfig, readConfig } from "../model/config.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { setSeed } from "../model/runtime.ts";
import { TorchnerError } from "../native/errors.ts";
import { AutoTokenizer, type Tokenizer } from "../tokenization/tokenizer.ts";
import { TrainingArguments } from "../training/arguments.ts";
import { keptStep } from "../training/best.ts";
import { listCheckpoints } from "../training/checkpoint.ts";
import { camelCase } from "../training/option_types.ts";
import { type TrainOptions, trainingOptions } from "../training/options.ts";
import { writePredictions, writeResults } from "../training/outputs.ts";
import type { Published } from "../training/publish.ts";
import { checkNotInUse, withRunLock } from "../training/run_lock.ts";
import { countWindows, sentencesOf } from "../training/sentences.ts";
import type { LogRow } from "../training/state.ts";
import { Trainer, type TrainOutput } from "../training/trainer.ts";
import { wordPredictions } from "../training/words.ts";
import { grouped } from "./figures.ts";
import { Resumable, type StopSignal, untilStopped } from "./interrupt.ts";
import { reportLostWords } from "./lost_words.ts";
import { checkOutputFolder, checkStart, clearOldRun } from "./output_folder.ts";
import { readingOptions } from "./reading_options.ts";
import { recordingSeqeval } from "./recorder.ts";
import { resumeCommand } from "./resume_command.ts";
import { scoreTable } from "./score_table.ts";
import { longSequencesFor, sequenceLength } from "./sequence_length.ts";
import type { Terminal } from "./terminal.ts";

interface Parts {
  source: string;
  model: TokenClassificationModel;
  tokenizer: Tokenizer;
  data: EncodedDatasetDict;
  /** Words of the training file that are not learnt. */
  lostWords: number;
}

/** Results of one file: the row for its results file, and the scores per type where it has tags. */
interface Scored {
  metrics: LogRow;
  scores?: EntityScores;
}

/** What the options themselves do not say. */
interface HowCalled {
  /** Whether evaluating is only `train`'s own default. */
  evaluatesIfItCan: boolean;
  /** The arguments as the user typed them. */
  typed: readonly string[];
}

/**
 * Everything that can be refused is looked at before the first update, and nothing is written before it.
 * Then: train, evaluate, save, predict the test file.
 */
export async function runTrain(given: TrainOptions, terminal: Terminal, how: HowCalled): Promise<void> {
  const { outputDir } = given;
  await checkNotInUse(outputDir, "EUSAGE"); // a folder in use holds a run, but not one to go on with
  await checkOutputFolder(outputDir, given.overwriteOutputDir || resumes(given));
  await withRunLock(outputDir, () => runInFolder(given, terminal, how), "EUSAGE");
}

async function runInFolder(given: TrainOptions, terminal: Terminal, how: HowCalled): Promise<void> {
  const raw = await loadData(given, terminal);
  const values = raw.validation ? given : withoutValidation(given, how.evaluatesIfItCan);
  const parts = await prepare(raw, values, terminal);
  try {
    await trainAndReport(values, parts, terminal, how.typed);
  } finally {
    parts.model.dispose();
    parts.tokenizer.dispose();
  }
}

function resumes({ resumeFromCheckpoint }: TrainOptions): boolean {
  return resumeFromCheckpoint !== undefined && resumeFromCheckpoint !== false;
}

async function prepare(raw: DatasetDict, values: TrainOptions, terminal: Terminal): Promise<Parts> {
  const source = values.model ?? defaultCheckpoint;
  const folder = await resolveModel(source);
  if (values.overwriteOutputDir) await checkStart(folder, values.outputDir);
  const config = await readConfig(folder);
  const dataset = limitSamples(raw, checkpointOrder(raw.labels, config), values);
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  try {
    const encode = tokenizeAndAlignLabels(tokenizer, {
      labelStrategy: values.labelStrategy,
      maxLength: sequenceLength({ config }, tokenizer, values.maxSeqLength),
      padToMaxLength: values.padToMaxLength,
      longSequences: longSequencesFor(values.numerics, values.longSequences),
    });
    const data = await dataset.map(encode);
    const lostWords = reportLostWords(data.train!, nameOf("train", values), terminal);
    await setSeed(values.seed);
    const settings = { labels: data.labels, device: values.device ?? "auto", numerics: values.numerics };
    const model = values.fromScratch
      ? await AutoModelForTokenClassification.fromConfig(config, settings)
      : await AutoModelForTokenClassification.fromPretrained(folder, {
          ...settings,
          ignoreMismatchedSizes: values.ignoreMismatchedSizes,
        });
    if (!values.fromScratch) {
      describeLoading(model, terminal);
      warnOfOtherLabels(config, model, terminal);
    }
    return { source, model, tokenizer, data, lostWords };
  } catch (error) {
    tokenizer.dispose();
    throw error;
  }
}

async function loadData(values: TrainOptions, terminal: Terminal): Promise<DatasetDict> {
  const { datasetName } = values;
  const data: DatasetDict = await loadDataset({
    train: values.trainFile,
    validation: values.validationFile,
    test: values.testFile,
    dataset: datasetName,
    ...(await readingOptions(values)),
    log: (line) => terminal.warn(line),
  });
  if (data.train) return data;
  throw new TorchnerError(
    "EDATA",
    `${datasetName} has no training file (train in its name); name it with --train-file instead of --dataset-name.`,
  );
}

/** A dataset tells only now that it has no validation file. */
function withoutValidation(values: TrainOptions, evaluatesIfItCan: boolean): TrainOptions {
  if (values.evalStrategy === "no" && !values.evalOnStart) return values;
  const wanted = [
    "evalOnStart",
    "loadBestModelAtEnd",
    "metricForBestModel",
    "earlyStoppingPatience",
  ] as const;
  if (!evaluatesIfItCan || wanted.some((name) => values[name])) {
    throw new TorchnerError(
      "EUSAGE",
      `${values.datasetName} has no validation file to evaluate on; give one with --validation-file (and ` +
        "--train-file instead of --dataset-name), or --eval-strategy no.",
    );
  }
  const saves = values.saveStrategy === values.evalStrategy ? "no" : values.saveStrategy;
  return { ...values, evalStrategy: "no", saveStrategy: saves };
}

/** What messages call a split's data. */
function nameOf(split: "train" | "validation" | "test", values: TrainOptions): string {
  const file = { train: values.trainFile, validation: values.validationFile, test: values.testFile }[split];
  return file ?? `${values.datasetName} (${split})`;
}

/** The checkpoint's own order where it was trained for the same labels: its classifier then fits as it is. */
function checkpointOrder(labels: readonly string[], config: ModelConfig): readonly string[] {
  const own = labelsOf(config);
  return own && own.length === labels.length && labels.every((label) => own.includes(label)) ? own : labels;
}

function limitSamples(data: DatasetDict, labels: readonly string[], values: TrainOptions): DatasetDict {
  return new DatasetDict({
    train: data.train?.slice(0, values.maxTrainSamples),
    validation: data.validation?.slice(0, values.maxEvalSamples),
    test: data.test?.slice(0, values.maxPredictSamples),
    labels,
  });
}

function describeLoading({ loadReport }: TokenClassificationModel, terminal: Terminal): void {
  const { missing, mismatched } = loadReport;
  const fresh = [...missing, ...mismatched.map(({ name }) => name)];
  if (fresh.length === 0) return;
  const names = `${fresh.slice(0, 4).join(", ")}${fresh.length > 4 ? `, and ${fresh.length - 4} more` : ""}`;
  terminal.note(`new weights, not from the checkpoint: ${names}`);
}

/** As many labels as the checkpoint's classifier has, but others: its rows fit, and mean something else. */
function warnOfOtherLabels(config: ModelConfig, model: TokenClassificationModel, terminal: Terminal): void {
  const own = labelsOf(config);
  const { labels, loadReport } = model;
  if (own?.length !== labels.length || own.every((label) => labels.includes(label))) return;
  if (loadReport.missing.some((name) => name.startsWith("classifier."))) return;
  terminal.warn(
    `the checkpoint's classifier was trained for other labels (${own.join(", ")}); ` +
      `training starts from its rows for ${labels.join(", ")} all the same`,
  );
}

async function trainAndReport(
  values: TrainOptions,
  parts: Parts,
  terminal: Terminal,
  typed: readonly string[],
): Promise<void> {
  const { model, tokenizer, data, source } = parts;
  const byStep = new Map<number, EntityScores>();
  let latest: EntityScores | undefined;
  const trainer = new Trainer({
    model,
    args: new TrainingArguments(trainingValues(values)),
    trainDataset: data.train,
    evalDataset: data.validation,
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    log: (line) => terminal.note(line),
    computeMetrics: recordingSeqeval(
      model.labels,
      (scores) => {
        latest = scores;
        byStep.set(trainer.state.globalStep, scores);
      },
      { returnEntityLevelMetrics: values.returnEntityLevelMetrics },
    ),
    callbacks: [
      ...(values.overwriteOutputDir ? [replaceOldRun(values.outputDir)] : []),
      header(parts, values, terminal),
      ...(values.earlyStoppingPatience === undefined
        ? []
        : [
            earlyStopping({
              patience: values.earlyStoppingPatience,
              threshold: values.earlyStoppingThreshold,
            }),
          ]),
    ],
  });
  if (terminal.quiet) trainer.removeCallback("progress");

  const { metrics } = await trainUntilStopped(trainer, values, typed);
  const trained: LogRow = { ...metrics, train_samples: countWindows(data.train!).sentences };
  if (parts.lostWords > 0) trained.train_skipped_words = parts.lostWords;
  await trainer.saveModel(undefined, { push: false }); // the upload comes last, with all results
  await writeResults(values.outputDir, "train", trained);
  const evaluated = data.validation && (await evaluation(trainer, byStep));
  if (evaluated) {
    evaluated.metrics.eval_samples = countWindows(data.validation!).sentences;
    await writeResults(values.outputDir, "eval", evaluated.metrics);
  }
  const predicted = data.test && (await prediction(trainer, data, values.outputDir, () => latest));
  const dataset = values.datasetName ?? basename(values.trainFile!);
  const card = { baseModel: values.fromScratch ? undefined : source, dataset };
  await trainer.createModelCard(card);
  const published = values.pushToHub ? await trainer.pushToHub(card) : undefined;
  report(terminal, values, { trainer, labels: model.labels, trained, evaluated, predicted, published });
}

/** @throws {TorchnerError} `EABORT` after Ctrl-C or a termination, saying how to go on. */
async function trainUntilStopped(
  trainer: Trainer,
  values: TrainOptions,
  typed: readonly string[],
): Promise<TrainOutput> {
  const { resumeFromCheckpoint, force } = values;
  try {
    return await untilStopped((signal) => trainer.train({ signal, resumeFromCheckpoint, force }));
  } catch (error) {
    if ((error as TorchnerError).code !== "EABORT") throw error;
    const step = trainer.state.globalStep;
    const kept = (await listCheckpoints(trainer.args.outputDir)).some((saved) => saved.step === step);
    const { message, cause } = error as Error;
    if (!kept) {
      const when = step === 0 ? " before the first update" : "";
      throw new TorchnerError("EABORT", `${message}${when}; nothing was saved`, { cause });
    }
    throw new TorchnerError(
      "EABORT",
      `${message} after step ${step}, saved as checkpoint-${step}; go on with ` +
        resumeCommand(typed, values),
      { cause: new Resumable(cause as StopSignal) },
    );
  }
}

function trainingValues(values: TrainOptions): Record<string, unknown> {
  const given = values as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(trainingOptions).map((name) => [camelCase(name), given[camelCase(name)]]),
  );
}

/** The older run goes once the new one has made its first update, not before. */
function replaceOldRun(folder: string): TrainerCallback {
  return {
    async onStepEnd(_args, state) {
      if (state.globalStep === 1) await clearOldRun(folder);
    },
  };
}

/** 22713216 -> 22.7M */
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function header({ source, model }: Parts, values: TrainOptions, terminal: Terminal): TrainerCallback {
  return {
    onTrainBegin(args, state) {
      const weights = compact.format(model.parameterCount().total);
      const batch = args.perDeviceTrainBatchSize * args.gradientAccumulationSteps;
      const words = [
        source,
        `${weights} weights${values.fromScratch ? " from scratch" : ""}`,
        `${model.device} ${args.bf16 ? "bf16" : "fp32"} ${model.numerics}`,
        `${model.labels.length} labels`,
        `batch ${batch}`,
        `${grouped(state.maxSteps)} updates`,
        `seed ${args.seed}`,
      ];
      terminal.note(words.join(" · "));
    },
  };
}

/**
 * Scores of the model that is kept. They are in the log already where it was evaluated as it is now: nothing is
 * evaluated twice.
 */
async function evaluation(trainer: Trainer, byStep: ReadonlyMap<number, EntityScores>): Promise<Scored> {
  const { args, state } = trainer;
  const kept = keptStep(args, state);
  const logged = state.logHistory.find((row) => row.step === kept && "eval_loss" in row);
  if (!logged) return { metrics: await trainer.evaluate(), scores: byStep.get(state.globalStep) };
  const { step: _, ...found } = logged;
  // The row's own epoch is the checkpoint's; in result files it is the run's, as where Python evaluates once more.
  return { metrics: { ...found, epoch: state.epoch }, scores: byStep.get(kept) };
}

async function prediction(
  trainer: Trainer,
  data: EncodedDatasetDict,
  folder: string,
  latest: () => EntityScores | undefined,
): Promise<Scored> {
  const before = latest();
  const found = await trainer.predict(data.test!, { metricKeyPrefix: "predict" });
  await writeResults(folder, "predict", found.metrics);
  await writePredictions(
    `${folder}/predictions.txt`,
    wordPredictions(sentencesOf(data.test!), found, data.labels),
  );
  const scores = latest();
  return { metrics: found.metrics, scores: scores === before ? undefined : scores };
}

function report(
  terminal: Terminal,
  values: TrainOptions,
  run: {
    trainer: Trainer;
    labels: readonly string[];
    trained: LogRow;
    evaluated?: Scored;
    predicted?: Scored;
    published?: Published;
  },
): void {
  const { trainer, labels, trained, evaluated, predicted, published } = run;
  const flat = (part?: Scored) => part?.scores && flattenEntityScores(part.scores);
  terminal.document({
    output_dir: values.outputDir,
    labels,
    global_step: trainer.state.globalStep,
    best_model_checkpoint: trainer.state.bestModelCheckpoint,
    train: trained,
    eval: evaluated?.metrics ?? null,
    predict: predicted?.metrics ?? null,
    hub_url: published?.url ?? null,
    scores: { validation: flat(evaluated) ?? null, test: flat(predicted) ?? null },
  });
  for (const [split, part, prefix] of [
    ["validation", evaluated, "eval"],
    ["test", predicted, "predict"],
  ] as const) {
    const skipped = Number(part?.metrics[`${prefix}_skipped_words`] ?? 0);
    if (skipped === 0) continue;
    terminal.warn(
      `${nameOf(split, values)}: ${skipped} words got no prediction (cut off, or no pieces); they count as O`,
    );
  }
  const shown = predicted?.scores ? predicted : evaluated;
  if (shown?.scores) {
    terminal.result(`\n${nameOf(shown === predicted ? "test" : "validation", values)}`);
    terminal.result(scoreTable(shown.scores, terminal.paint));
  }
  if (published) terminal.result(`\nUploaded to ${published.url}`);
  terminal.result(`\nSaved to ${values.outputDir}. Next:`);
  terminal.result(`  torchner predict --model ${values.outputDir} --text "..."`);
  if (values.testFile)
    terminal.result(`  torchner evaluate --model ${values.outputDir} --file ${values.testFile}`);
}
