import {
  type EventDetails,
  type EventName,
  emitEvent,
  newControl,
  savedStates,
  type TrainerCallback,
} from "../callbacks/callback.ts";
import { defaultFlow } from "../callbacks/default_flow.ts";
import { progress } from "../callbacks/progress.ts";
import { DataCollatorForTokenClassification, type Padding } from "../data/collator.ts";
import { DataLoader } from "../data/data_loader.ts";
import type { Batch } from "../data/types.ts";
import { checkFlag, checkOptions, checkText, kindOf } from "../messages/checks.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { drawBaseSeed, getRngState, runtimeInfo, setNumThreads, setSeed } from "../model/runtime.ts";
import { TorchnerError } from "../native/errors.ts";
import { AdamW } from "../optim/adamw.ts";
import { getScheduler, type Scheduler } from "../optim/scheduler.ts";
import { TrainingArguments } from "./arguments.ts";
import { noteIfBest } from "./best.ts";
import { checkpointFolder, listCheckpoints, writeCheckpoint } from "./checkpoint.ts";
import { writeFileDurably } from "./durable.ts";
import { type Evaluation, runEvaluation } from "./evaluation_loop.ts";
import type { Collator, Examples, ProcessingClass } from "./handles.ts";
import { speedMetrics } from "./metrics.ts";
import { modelCard } from "./model_card.ts";
import { writeTrainingArguments } from "./outputs.ts";
import { planTraining } from "./plan.ts";
import { keepOnlyBest, rotateCheckpoints } from "./rotation.ts";
import { type LogRow, newTrainerState, stateToJson, type TrainerState } from "./state.ts";
import { checkTrainerOptions, isCallback, isExamples, type TrainerOptions } from "./trainer_options.ts";
import { runTraining } from "./training_loop.ts";

export interface TrainOutput {
  globalStep: number;
  /** Mean loss of an update over the whole run. */
  trainingLoss: number;
  /** `train_runtime`, `train_samples_per_second`, ..., `train_loss`. */
  metrics: LogRow;
}

export interface PredictionOutput {
  /** Row-major `[sentences, width]` label ids, or `[sentences, width, labels]` logits; -100 where there is no piece. */
  predictions: Int32Array;
  /** Row-major `[sentences, width]`; -100 where no label is due. */
  labelIds: Int32Array;
  shape: readonly number[];
  metrics: LogRow;
}

export interface LogitsOutput extends Omit<PredictionOutput, "predictions"> {
  predictions: Float32Array;
}

/**
 * Hugging Face's Trainer for token classification: the loop that a user can write by hand (`forward`, `backward`,
 * `clipGradNorm`, `step`, ...) with evaluation, logging, checkpoints and callbacks around it. Events, random
 * numbers, step counts and logged values come in the order and with the arithmetic of transformers 5.
 */
export class Trainer {
  readonly args: TrainingArguments;
  readonly trainDataset?: Examples;
  readonly evalDataset?: Examples;
  readonly processingClass?: ProcessingClass;
  readonly computeMetrics?: TrainerOptions["computeMetrics"];
  /** Steps, epochs, best metric and the log (`state.logHistory`) of the latest run. */
  state: TrainerState = newTrainerState();
  readonly control = newControl();

  readonly #modelInit?: TrainerOptions["modelInit"];
  readonly #collator: Collator;
  readonly #callbacks: TrainerCallback[];
  #model?: TokenClassificationModel;
  #optimizer?: AdamW;
  #scheduler?: Scheduler;
  #signal?: AbortSignal;
  #seeded = false;
  #training = false;

  /** @throws {TorchnerError} `EARG` for an option that is unknown, of the wrong kind, or missing. */
  constructor(options: TrainerOptions) {
    checkTrainerOptions(options);
    this.args = options.args ?? new TrainingArguments();
    this.trainDataset = options.trainDataset;
    this.evalDataset = options.evalDataset;
    this.processingClass = options.processingClass ?? options.tokenizer;
    this.computeMetrics = options.computeMetrics;
    this.#modelInit = options.modelInit;
    this.#collator = options.dataCollator ?? defaultCollator(this.processingClass);
    this.#callbacks = [defaultFlow, ...(options.callbacks ?? [])];
    if (!this.args.disableTqdm) this.#callbacks.push(progress());
    if (options.model) this.#setModel(options.model);
  }

  /** The model that is trained; with `modelInit`, there is none before the first call that needs it. */
  get model(): TokenClassificationModel {
    if (this.#model) return this.#model;
    throw new TorchnerError(
      "ESTATE",
      "The model does not exist yet: modelInit is called when training begins.",
    );
  }

  /** @throws {TorchnerError} `EARG` for anything but an object of handlers. */
  addCallback(callback: TrainerCallback): void {
    if (!isCallback(callback)) {
      throw new TorchnerError(
        "EARG",
        `addCallback takes an object of handlers, e.g. { onLog }, not ${kindOf(callback)}.`,
      );
    }
    this.#callbacks.push(callback);
  }

  /** Takes out a callback, given itself or its name (`"progress"` is the default display). */
  removeCallback(callback: TrainerCallback | string): void {
    const index = this.#callbacks.findIndex((held) => held === callback || held.name === callback);
    if (index >= 0) this.#callbacks.splice(index, 1);
  }

  /**
   * Trains as the arguments say and writes `trainer_state.json` at the end.
   * @param options.signal  Stops the run at the next operation's border; the model keeps the updates made so far.
   * @throws {TorchnerError} `EARG` for options that are none, `EABORT` when stopped, `ENONFINITE` when the loss stays NaN or infinite, `ESTATE` while
   *   another `train()` runs.
   */
  async train(options: { signal?: AbortSignal } = {}): Promise<TrainOutput> {
    checkTrainOptions(options);
    if (this.#training)
      throw new TorchnerError("ESTATE", "This Trainer is training already; wait for its end.");
    this.#training = true;
    this.#signal = options.signal;
    try {
      return await this.#train();
    } catch (error) {
      await this.#reportFailure(error);
      throw error;
    } finally {
      this.#optimizer?.dispose();
      this.#optimizer = undefined;
      this.#scheduler = undefined;
      this.#signal = undefined;
      this.#training = false;
    }
  }

  async #train(): Promise<TrainOutput> {
    const { args } = this;
    const dataset = required(this.trainDataset, "trainDataset");
    this.#throwIfAborted();
    await this.#prepare(this.#modelInit !== undefined);
    const loader = new DataLoader(dataset, {
      batchSize: args.perDeviceTrainBatchSize,
      shuffle: true,
      seed: args.dataSeed ?? args.seed,
      collator: this.#collator,
      dropLast: args.dataloaderDropLast,
    });
    const plan = planTraining({
      ...args,
      examples: dataset.length,
      batches: loader.length,
      batchSize: args.perDeviceTrainBatchSize,
    });
    this.#begin(plan.maxSteps, plan.numTrainEpochs);
    const optimizer = new AdamW(this.model, {
      lr: args.learningRate,
      betas: [args.adamBeta1, args.adamBeta2],
      eps: args.adamEpsilon,
      weightDecay: args.weightDecay,
    });
    this.#optimizer = optimizer;
    const scheduler = getScheduler(args.lrSchedulerType, {
      optimizer,
      numWarmupSteps: Math.trunc(args.getWarmupSteps(plan.maxSteps)),
      numTrainingSteps: plan.maxSteps,
    });
    this.#scheduler = scheduler;

    const start = performance.now();
    const { trainLoss } = await runTraining({
      ...{ args, plan, optimizer, scheduler, model: this.model, state: this.state, control: this.control },
      flosPerToken: 6 * this.model.parameterCount().nonEmbedding,
      batchesOf: (epoch) => {
        loader.setEpoch(epoch);
        return drawingBaseSeed(loader);
      },
      emit: (event, details) => this.#emit(event, details),
      log: (row) => this.#log(row),
      evaluate: async () => noteIfBest(this.state, await this.evaluate(), args),
      save: () => this.#saveCheckpoint(),
      throwIfAborted: () => this.#throwIfAborted(),
    });
    return this.#end((performance.now() - start) / 1000, plan.numTrainSamples, trainLoss);
  }

  /**
   * Loss and metrics of a dataset (default: `evalDataset`), logged as a row of `state.logHistory`.
   * @param _ignoreKeys  Stands where Python has it; the model gives nothing that could be ignored.
   */
  async evaluate(
    dataset: Examples | undefined = this.evalDataset,
    _ignoreKeys?: readonly string[],
    metricKeyPrefix = "eval",
  ): Promise<LogRow> {
    checkText("metricKeyPrefix", metricKeyPrefix);
    const examples = required(dataset, "evalDataset");
    const { metrics } = await this.#evaluation(examples, metricKeyPrefix, {
      keep: this.computeMetrics !== undefined,
    });
    await this.#log(metrics);
    this.control.shouldEvaluate = false;
    await this.#emit("onEvaluate", { metrics });
    return metrics;
  }

  /** Predicted label ids of every piece, and the metrics if the dataset has labels. Nothing is logged. */
  predict(
    dataset: Examples,
    options: { returnLogits: true; metricKeyPrefix?: string },
  ): Promise<LogitsOutput>;
  predict(dataset: Examples, options?: PredictOptions): Promise<PredictionOutput>;
  async predict(dataset: Examples, options: PredictOptions = {}): Promise<PredictionOutput | LogitsOutput> {
    checkOptions("predict", options, ["returnLogits", "metricKeyPrefix"]);
    checkFlag("returnLogits", options.returnLogits);
    const { returnLogits = false, metricKeyPrefix = "test" } = options;
    checkText("metricKeyPrefix", metricKeyPrefix);
    const examples = required(dataset, "dataset");
    const found = await this.#evaluation(examples, metricKeyPrefix, { keep: true, returnLogits });
    await this.#emit("onPredict", { metrics: found.metrics });
    return found as PredictionOutput | LogitsOutput;
  }

  /** Writes what `pipeline("ner", folder)` and Python need: model, configuration, tokenizer; and the arguments. */
  async saveModel(folder = this.args.outputDir): Promise<void> {
    checkText("folder", folder);
    await this.model.savePretrained(folder);
    await this.processingClass?.savePretrained(folder);
    await writeTrainingArguments(folder, this.args);
  }

  /** Writes `trainer_state.json` into the output folder; `train()` has done so when it ends. */
  async saveState(): Promise<void> {
    await writeFileDurably(`${this.args.outputDir}/trainer_state.json`, stateToJson(this.state));
  }

  /** Writes the model card, `README.md`, from the state of the run. */
  async createModelCard(
    details: { modelName?: string; baseModel?: string; dataset?: string } = {},
  ): Promise<void> {
    checkOptions("createModelCard", details, ["modelName", "baseModel", "dataset"]);
    const card = modelCard({
      ...details,
      ...{ args: this.args, state: this.state, labels: this.model.labels },
      torchVersion: (await runtimeInfo()).torchVersion,
    });
    await writeFileDurably(`${this.args.outputDir}/README.md`, card);
  }

  #setModel(model: TokenClassificationModel): void {
    const { bf16, device, numerics } = this.args;
    const fits = device === undefined || device === "auto" || model.device === device;
    if (!fits && !(device === "cuda" && model.device.startsWith("cuda"))) {
      throw new TorchnerError(
        "EARG",
        `Trainer: args.device is ${device} but the model is on ${model.device}; load it with { device: "${device}" }.`,
      );
    }
    if (numerics !== undefined) model.numerics = numerics;
    model.bf16 = bf16;
    this.#model = model;
  }

  /** Seeds once, as Hugging Face's constructor does, and again before `modelInit` makes a model. */
  async #prepare(fresh: boolean): Promise<void> {
    if (!this.#seeded) {
      if (this.args.threads !== undefined) await setNumThreads(this.args.threads);
      await setSeed(this.args.seed);
      this.#seeded = true;
    }
    if (this.#model && !fresh) return;
    await setSeed(this.args.seed);
    this.#setModel(await this.#modelInit!());
  }

  #begin(maxSteps: number, numTrainEpochs: number): void {
    const { args } = this;
    Object.assign(this.control, newControl());
    this.state = newTrainerState({
      ...{ maxSteps, numTrainEpochs },
      loggingSteps: args.loggingSteps,
      saveSteps: args.saveSteps,
      ...(args.evalSteps !== undefined && { evalSteps: args.evalSteps }),
      trainBatchSize: args.perDeviceTrainBatchSize,
      statefulCallbacks: savedStates(this.#callbacks, this.control),
    });
  }

  async #end(seconds: number, plannedSamples: number, trainLoss: number): Promise<TrainOutput> {
    const { args, state } = this;
    const samples = (plannedSamples * state.globalStep) / Math.max(1, state.maxSteps);
    const metrics: LogRow = {
      ...speedMetrics("train", seconds, { samples, steps: state.globalStep }),
      total_flos: state.totalFlos,
      train_loss: trainLoss,
    };
    await this.#log(metrics);
    if (args.loadBestModelAtEnd && state.bestModelCheckpoint)
      await this.model.loadWeights(state.bestModelCheckpoint);
    await keepOnlyBest(args.outputDir, args.saveTotalLimit, state.bestModelCheckpoint);
    await this.#emit("onTrainEnd");
    await this.saveState();
    return { globalStep: state.globalStep, trainingLoss: trainLoss, metrics };
  }

  async #evaluation(
    dataset: Examples,
    prefix: string,
    { keep, returnLogits = false }: { keep: boolean; returnLogits?: boolean },
  ): Promise<Evaluation> {
    await this.#prepare(false);
    const batchSize = this.args.perDeviceEvalBatchSize;
    const reference = this.model.numerics === "reference";
    const loader = new DataLoader(dataset, {
      batchSize,
      collator: this.#collator,
      // Hugging Face drops sentences from evaluations too; elsewhere a score is of the whole dataset.
      dropLast: this.args.dataloaderDropLast && reference,
    });
    const start = performance.now();
    const found = await runEvaluation({
      ...{ dataset, prefix, returnLogits, model: this.model, computeMetrics: this.computeMetrics },
      batches: drawingBaseSeed(loader),
      keepPredictions: keep,
      skippedWords: reference ? "leftOut" : "asOutside",
      onBatch: (batch) => this.#emit("onPredictionStep", { batch, batches: loader.length }),
      throwIfAborted: () => this.#throwIfAborted(),
    });
    const seconds = (performance.now() - start) / 1000;
    const done = { samples: dataset.length, steps: Math.ceil(dataset.length / batchSize) };
    return { ...found, metrics: { ...found.metrics, ...speedMetrics(prefix, seconds, done) } };
  }

  async #saveCheckpoint(): Promise<void> {
    const { args, state } = this;
    const existing = (await listCheckpoints(args.outputDir)).map(({ step }) => step);
    const best = state.bestGlobalStep;
    if (best !== null && [...existing, state.globalStep].includes(best)) {
      state.bestModelCheckpoint = checkpointFolder(args.outputDir, best);
    }
    state.statefulCallbacks = savedStates(this.#callbacks, this.control);
    await writeCheckpoint(args.outputDir, {
      model: this.model,
      optimizer: this.#optimizer!,
      scheduler: this.#scheduler!.stateDict(),
      processingClass: this.processingClass,
      rngState: await getRngState(),
      state,
      trainingArguments: args.toJSON(),
    });
    await rotateCheckpoints(args.outputDir, args.saveTotalLimit, {
      written: state.globalStep,
      best: state.bestModelCheckpoint,
    });
    this.control.shouldSave = false;
    await this.#emit("onSave");
  }

  async #log(row: LogRow): Promise<void> {
    row.epoch = this.state.epoch;
    this.state.logHistory.push({ ...row, step: this.state.globalStep });
    this.control.shouldLog = false;
    await this.#emit("onLog", { logs: row });
  }

  #emit(event: EventName, details: Partial<EventDetails> = {}): Promise<void> {
    const parts = { optimizer: this.#optimizer, scheduler: this.#scheduler };
    const given = { model: this.model, ...parts, ...details };
    return emitEvent(this.#callbacks, event, this.args, this.state, this.control, given);
  }

  /** A second error on the way out must not hide the first. */
  async #reportFailure(error: unknown): Promise<void> {
    if (this.#model) await this.#emit("onTrainFailed", { error }).catch(() => undefined);
  }

  #throwIfAborted(): void {
    if (!this.#signal?.aborted) return;
    throw new TorchnerError("EABORT", "Training was stopped by its signal.", { cause: this.#signal.reason });
  }
}

export interface PredictOptions {
  returnLogits?: boolean;
  /** Default `test`. */
  metricKeyPrefix?: string;
}

/** Hugging Face's loaders draw a seed from the global generator whenever they are iterated; dropout comes after it. */
async function* drawingBaseSeed(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  await drawBaseSeed();
  yield* batches;
}

function checkTrainOptions(options: { signal?: AbortSignal }): void {
  checkOptions("train", options, ["signal"]);
  const { signal } = options;
  if (signal === undefined || typeof signal?.aborted === "boolean") return;
  throw new TorchnerError("EARG", `signal is ${kindOf(signal)}; give the signal of an AbortController.`);
}

function required(dataset: Examples | undefined, name: string): Examples {
  const found = isExamples(dataset);
  if (found && dataset!.length > 0) return dataset!;
  const what = found ? "has no sentences" : `is ${dataset === undefined ? "missing" : kindOf(dataset)}`;
  throw new TorchnerError("EARG", `Trainer: ${name} ${what}; this call needs one with sentences.`);
}

function defaultCollator(processingClass: ProcessingClass | undefined): Collator {
  if (processingClass && "padTokenId" in processingClass) {
    return new DataCollatorForTokenClassification(processingClass as ProcessingClass & Padding);
  }
  throw new TorchnerError(
    "EARG",
    "Trainer: dataCollator is missing; give new DataCollatorForTokenClassification(tokenizer).",
  );
}
