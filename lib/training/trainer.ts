import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type EventDetails,
  type EventName,
  emitEvent,
  newControl,
  type TrainerCallback,
} from "../callbacks/callback.ts";
import { defaultFlow } from "../callbacks/default_flow.ts";
import { jsonlLogger } from "../callbacks/jsonl.ts";
import { progress } from "../callbacks/progress.ts";
import { tensorboard } from "../callbacks/tensorboard.ts";
import { DataCollatorForTokenClassification, type Padding } from "../data/collator.ts";
import { DataLoader } from "../data/data_loader.ts";
import type { Batch } from "../data/types.ts";
import { writeFileDurably } from "../files/durable.ts";
import { checkFlag, checkOptions, checkText, kindOf } from "../messages/checks.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { drawBaseSeed, runtimeInfo, setNumThreads, setSeed } from "../model/runtime.ts";
import { TorchnerError } from "../native/errors.ts";
import { TrainingArguments } from "./arguments.ts";
import { whileOutOfMemory } from "./batch_size.ts";
import { keptStep } from "./best.ts";
import {
  checkpointFolder,
  finishInterruptedWrites,
  newRun,
  readCheckpoint,
  type StoredRun,
  stepOf,
} from "./checkpoint.ts";
import { dataFingerprint } from "./data_fingerprint.ts";
import { evaluationOrder } from "./epochs.ts";
import { type Evaluation, runEvaluation } from "./evaluation_loop.ts";
import type { Collator, Examples, ProcessingClass } from "./handles.ts";
import { readManifest } from "./manifest.ts";
import { speedMetrics } from "./metrics.ts";
import { type CardDetails, cardOptions, checkCard, modelCard } from "./model_card.ts";
import { writeTrainingArguments } from "./outputs.ts";
import { type Plan, planTraining } from "./plan.ts";
import { checkUpload, type Published, publish } from "./publish.ts";
import { checkSameRun, type EndedRun, findEndedRun, findResumePoint, type ResumeFrom } from "./resume.ts";
import { deleteRun, rotateCheckpoints } from "./rotation.ts";
import { withRunLock } from "./run_lock.ts";
import { truncatedRows, windowsNote } from "./sentences.ts";
import { runSession, type SessionWork, stopped, type TrainerParts } from "./session.ts";
import { type LogRow, newTrainerState, stateToJson, type TrainerState } from "./state.ts";
import {
  checkRowLengths,
  checkTrainerOptions,
  isCallback,
  isExamples,
  type TrainerOptions,
} from "./trainer_options.ts";

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
  readonly #note: (line: string) => void;
  readonly #engine: TrainerParts["engine"] = {};
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
    this.#note = options.log ?? ((line) => void process.stderr.write(`${line}\n`));
    this.#callbacks = [defaultFlow, ...(options.callbacks ?? [])];
    this.#callbacks.push(...reporters(this.args));
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
   * @param options.signal  Stops the run at the next update's border, where a checkpoint is saved to go on from.
   * @param options.resumeFromCheckpoint  A checkpoint's folder; `true`: the newest of the output folder; `"auto"`: the
   *   same, or the beginning where there is none. Weights, optimizer, log and metrics are then those of a run that was
   *   never stopped, bit for bit on the CPU. Default: `args.resumeFromCheckpoint`.
   * @param options.force  Goes on from a checkpoint of other data, options or labels.
   * @throws {TorchnerError} `EARG` for options that are none, `ECHECKPOINT` for a checkpoint that is damaged or another
   *   run's, `EABORT` when stopped, `ENONFINITE` when losses or gradients stay NaN or infinite, `EOOM` where memory does
   *   not suffice, `ESTATE` while another `train()` runs, of this Trainer or into this output folder.
   */
  async train(options: TrainOptions = {}): Promise<TrainOutput> {
    checkTrainOptions(options);
    if (this.#training)
      throw new TorchnerError("ESTATE", "This Trainer is training already; wait for its end.");
    this.#training = true;
    this.#signal = options.signal;
    try {
      return await withRunLock(this.args.outputDir, () => this.#train(options));
    } catch (error) {
      await this.#reportFailure(error);
      throw error;
    } finally {
      this.#signal = undefined;
      this.#training = false;
    }
  }

  async #train(options: TrainOptions): Promise<TrainOutput> {
    const { args } = this;
    const given = required(this.trainDataset, "trainDataset");
    this.#throwIfAborted();
    if (args.pushToHub) checkUpload(args);
    const asked = options.resumeFromCheckpoint ?? args.resumeFromCheckpoint;
    await this.#prepare(this.#modelInit !== undefined);
    const dataset = this.#rows(given);
    const looks = asked === true || asked === "auto";
    await finishInterruptedWrites(args.outputDir, this.#note);
    const ended = looks ? await this.#endedRun(dataset) : undefined;
    const stored = ended?.kept ?? (await findResumePoint(asked, args.outputDir, this.#note));
    this.#noteWindows(dataset);
    this.#checkRows("trainDataset", dataset);
    // Each of these looks at every row: a turn of the event loop for each.
    await nextTurn();
    if (this.evalDataset && args.evalStrategy !== "no")
      this.#checkRows("evalDataset", this.#rows(this.evalDataset));
    await nextTurn();
    const data = dataFingerprint(dataset);
    if (stored && !options.force) {
      const { model } = this;
      const same = { args, data, labels: model.labels, config: model.config, numerics: model.numerics };
      checkSameRun(stored, same);
    }
    if (stored) await this.model.loadWeights(stored.path);
    if (ended) {
      const { globalStep } = ended.state;
      this.#note(`the run in ${args.outputDir} has ended, after ${globalStep} updates; nothing to train`);
      this.state = ended.state;
      // A manifest that could not be read for a moment has left its checkpoint out when room was made.
      const kept = { written: stepOf(ended.kept.path), best: ended.state.bestModelCheckpoint };
      await rotateCheckpoints(args.outputDir, args.saveTotalLimit, kept);
      return { globalStep, trainingLoss: Number(ended.results.train_loss), metrics: ended.results };
    }
    let run = stored?.run ?? newRun();
    const session = (size: number) =>
      this.#session({
        ...{ dataset, data, stored, run, force: options.force },
        ...{ batchSize: size, plan: this.#plan(dataset, size) },
      });
    const batchSize = this.#batchSizeOf(stored?.state);
    if (stored || !args.autoFindBatchSize) return session(batchSize);
    return whileOutOfMemory(this.model, batchSize, this.#note, session, async () => {
      await deleteRun(args.outputDir, run);
      run = newRun();
    });
  }

  /** A run that looked for its batch size goes on with the one that it found. */
  #batchSizeOf(state: TrainerState | undefined): number {
    const found = this.args.autoFindBatchSize ? state?.trainBatchSize : undefined;
    return found ?? this.args.perDeviceTrainBatchSize;
  }

  /** The run of this length that has ended in the output folder, with the checkpoint of the weights that it kept. */
  async #endedRun(dataset: Examples): Promise<(EndedRun & { kept: StoredRun }) | undefined> {
    const { outputDir } = this.args;
    const ended = await findEndedRun(outputDir);
    if (!ended) return undefined;
    const { state } = ended;
    if (this.#plan(dataset, this.#batchSizeOf(state)).maxSteps !== state.maxSteps) return undefined;
    const path = checkpointFolder(outputDir, keptStep(this.args, state));
    if (!(await readManifest(path))?.resumable) return undefined;
    try {
      return { ...ended, kept: await readCheckpoint(path) };
    } catch (error) {
      if ((error as TorchnerError).code !== "ECHECKPOINT") throw error;
      this.#note((error as Error).message); // the run's end is made again from an earlier one
      return undefined;
    }
  }

  #session(work: SessionWork): Promise<TrainOutput> {
    const parts: TrainerParts = {
      ...{ callbacks: this.#callbacks, collator: this.#collator, signal: this.#signal, note: this.#note },
      engine: this.#engine,
      emit: (event, details) => this.#emit(event, details),
      log: (row) => this.#log(row),
    };
    return runSession(this, parts, work);
  }

  #plan(dataset: Examples, batchSize: number): Plan {
    const { args } = this;
    const round = args.dataloaderDropLast ? Math.floor : Math.ceil;
    const batches = round(dataset.length / batchSize);
    return planTraining({ ...args, examples: dataset.length, batchSize, batches });
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

  /**
   * Predicted label ids of every piece, and the metrics if the dataset has labels; a row per sentence, also where
   * several windows cover one. Nothing is logged.
   */
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

  /**
   * Writes what `pipeline("ner", folder)` and Python need: model, configuration, tokenizer; and the arguments.
   * @param options.push  Whether to upload it as well, with a model card; default, as in transformers: with
   *   `args.pushToHub`, what is saved into the output folder.
   */
  async saveModel(folder = this.args.outputDir, options: { push?: boolean } = {}): Promise<void> {
    checkText("folder", folder);
    checkOptions("saveModel", options, ["push"]);
    checkFlag("push", options.push);
    if (options.push ?? (this.args.pushToHub && folder === this.args.outputDir)) {
      await this.pushToHub({ commitMessage: "Model save" });
      return;
    }
    await this.model.savePretrained(folder);
    await this.processingClass?.savePretrained(folder);
    await writeTrainingArguments(folder, this.args);
  }

  /**
   * Saves model, tokenizer and model card into the output folder and uploads them as one commit, into `hubModelId` or
   * the repository with the output folder's name.
   * @throws {TorchnerError} `EENV` without a token or where the hub refuses, after everything was saved here.
   */
  async pushToHub(options: CardDetails & { commitMessage?: string } = {}): Promise<Published> {
    checkOptions("pushToHub", options, [...cardOptions, "commitMessage"]);
    const { commitMessage = "End of training", ...details } = options;
    checkText("commitMessage", commitMessage);
    checkCard(details);
    await this.saveModel(undefined, { push: false });
    await this.createModelCard(details);
    return publish(this.args.outputDir, this.args, { commitMessage, log: this.#note });
  }

  /** Writes `trainer_state.json` into the output folder; `train()` has done so when it ends. */
  async saveState(): Promise<void> {
    await writeFileDurably(`${this.args.outputDir}/trainer_state.json`, stateToJson(this.state));
  }

  /** Writes the model card, `README.md`, from the state of the run. */
  async createModelCard(details: CardDetails = {}): Promise<void> {
    checkOptions("createModelCard", details, cardOptions);
    checkCard(details);
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
    // What is not given leaves the model as its user has set it.
    if (this.args.isGiven("bf16")) model.bf16 = bf16;
    if (this.args.isGiven("labelSmoothingFactor")) model.labelSmoothing = this.args.labelSmoothingFactor;
    if (this.args.isGiven("gradientCheckpointing"))
      model.gradientCheckpointing = this.args.gradientCheckpointing;
    this.#model = model;
  }

  /** Hugging Face's Trainer knows no windows, and reference numerics repeat it. */
  #rows(dataset: Examples): Examples {
    return this.model.numerics === "reference" ? truncatedRows(dataset) : dataset;
  }

  #noteWindows(dataset: Examples): void {
    const note = windowsNote(dataset);
    if (note) this.#note(note);
  }

  /** A collator of the user's own may cut rows to any length. */
  #checkRows(name: string, dataset: Examples): void {
    if (this.#collator instanceof DataCollatorForTokenClassification)
      checkRowLengths(name, dataset, this.model.config);
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

  async #evaluation(
    given: Examples,
    prefix: string,
    { keep, returnLogits = false }: { keep: boolean; returnLogits?: boolean },
  ): Promise<Evaluation> {
    await this.#prepare(false);
    const dataset = this.#rows(given);
    this.#checkRows("the dataset", dataset);
    const batchSize = this.args.perDeviceEvalBatchSize;
    const reference = this.model.numerics === "reference";
    const order = evaluationOrder(dataset, this.args);
    const loader = new DataLoader(dataset, {
      ...{ batchSize, collator: this.#collator, sampler: () => order },
      // Hugging Face drops sentences from evaluations too; elsewhere a score is of the whole dataset.
      dropLast: this.args.dataloaderDropLast && reference,
    });
    const start = performance.now();
    const found = await runEvaluation({
      ...{ dataset, order, prefix, returnLogits, model: this.model, computeMetrics: this.computeMetrics },
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

  async #log(row: LogRow): Promise<void> {
    row.epoch = this.state.epoch;
    this.state.logHistory.push({ ...row, step: this.state.globalStep });
    this.control.shouldLog = false;
    await this.#emit("onLog", { logs: row });
  }

  #emit(event: EventName, details: Partial<EventDetails> = {}): Promise<void> {
    const given = { model: this.model, ...this.#engine, ...details };
    return emitEvent(this.#callbacks, event, this.args, this.state, this.control, given);
  }

  /** A second error on the way out must not hide the first. */
  async #reportFailure(error: unknown): Promise<void> {
    if (this.#model) await this.#emit("onTrainFailed", { error }).catch(() => undefined);
  }

  #throwIfAborted(): void {
    if (this.#signal?.aborted) throw stopped(this.#signal);
  }
}

export interface TrainOptions {
  signal?: AbortSignal;
  resumeFromCheckpoint?: ResumeFrom;
  force?: boolean;
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

/** What `report_to` asks for. */
function reporters({ reportTo }: TrainingArguments): TrainerCallback[] {
  const made = { tensorboard, jsonl: jsonlLogger };
  return reportTo.map((name) => made[name]());
}

function checkTrainOptions(options: TrainOptions): void {
  checkOptions("train", options, ["signal", "resumeFromCheckpoint", "force"]);
  checkFlag("force", options.force);
  const { signal, resumeFromCheckpoint: resume } = options;
  if (typeof resume !== "boolean" && resume !== undefined) checkText("resumeFromCheckpoint", resume);
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
