/** One run of a Trainer, from its beginning or from a checkpoint to its end: what the loop needs is put together here. */
import { dirname, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type EventDetails,
  type EventName,
  newControl,
  restoreStates,
  savedStates,
  type TrainerCallback,
} from "../callbacks/callback.ts";
import { getRngState, runtimeInfo, setRngState } from "../model/runtime.ts";
import { TorchnerError } from "../native/errors.ts";
import { AdamW } from "../optim/adamw.ts";
import { getScheduler, type Scheduler } from "../optim/scheduler.ts";
import { evalKey, keptStep, metricValue, noteIfBest } from "./best.ts";
import { checkpointFolder, listCheckpoints, type StoredRun, stepOf, writeCheckpoint } from "./checkpoint.ts";
import { type Epochs, trainingEpochs } from "./epochs.ts";
import type { Collator, Examples } from "./handles.ts";
import { readManifest } from "./manifest.ts";
import { speedMetrics } from "./metrics.ts";
import { lostRun } from "./non_finite.ts";
import type { Plan } from "./plan.ts";
import { nonFinite, type Progress } from "./progress.ts";
import { publish } from "./publish.ts";
import { bestDifferences, forgetEndedRun } from "./resume.ts";
import { keepOnlyBest, rotateCheckpoints } from "./rotation.ts";
import { type LogRow, newTrainerState } from "./state.ts";
import type { Trainer, TrainOutput } from "./trainer.ts";
import { runTraining } from "./training_loop.ts";

/** What is to be trained on, how long, and from where. */
export interface SessionWork {
  dataset: Examples;
  /** Of the dataset: see `dataFingerprint`. */
  data: string;
  batchSize: number;
  plan: Plan;
  /** Its name in its checkpoints. */
  run: string;
  /** The checkpoint to go on from; its weights are loaded already. */
  stored?: StoredRun;
  /** Whether `stored` may be of other options than this run's. */
  force?: boolean;
}

/** The parts of a Trainer that only its runs use. */
export interface TrainerParts {
  readonly callbacks: readonly TrainerCallback[];
  readonly collator: Collator;
  readonly signal?: AbortSignal;
  /** What events show of a run. */
  readonly engine: { optimizer?: AdamW; scheduler?: Scheduler };
  note(line: string): void;
  emit(event: EventName, details?: Partial<EventDetails>): Promise<void>;
  log(row: LogRow): Promise<void>;
}

interface Session {
  trainer: Trainer;
  parts: TrainerParts;
  optimizer: AdamW;
  scheduler: Scheduler;
}

export async function runSession(
  trainer: Trainer,
  parts: TrainerParts,
  work: SessionWork,
): Promise<TrainOutput> {
  const { args, model } = trainer;
  const optimizer = new AdamW(model, {
    lr: args.learningRate,
    betas: [args.adamBeta1, args.adamBeta2],
    eps: args.adamEpsilon,
    weightDecay: args.weightDecay,
  });
  try {
    const scheduler = getScheduler(args.lrSchedulerType, {
      optimizer,
      numWarmupSteps: Math.trunc(args.getWarmupSteps(work.plan.maxSteps)),
      numTrainingSteps: work.plan.maxSteps,
      schedulerSpecificKwargs: args.lrSchedulerKwargs,
    });
    Object.assign(parts.engine, { optimizer, scheduler });
    await nextTurn(); // being told of the optimizer's memory, the collector may have run: up to 12 ms
    return await train({ trainer, parts, optimizer, scheduler }, work);
  } finally {
    Object.assign(parts.engine, { optimizer: undefined, scheduler: undefined });
    optimizer.dispose();
  }
}

async function train(session: Session, work: SessionWork): Promise<TrainOutput> {
  const { trainer, parts, optimizer, scheduler } = session;
  const { args, model } = trainer;
  const { plan, stored, batchSize } = work;
  begin(session, work);
  if (stored) await restore(session, stored, work.force ?? false);
  // Its run may have died before it made room; where nothing is left to train, nothing else would.
  if (stored && dirname(resolve(stored.path)) === resolve(args.outputDir)) await rotate(trainer);
  const startState = stored?.generator.epochStart;
  const epochs = trainingEpochs(work.dataset, args, { collator: parts.collator, batchSize, startState });
  const save = (progress: Progress, stop = false) =>
    saveCheckpoint(session, { progress, data: work.data, run: work.run, epochs, stop });
  const firstStep = trainer.state.globalStep;
  const start = performance.now();
  const { trainLoss } = await runTraining({
    ...{ args, plan, optimizer, scheduler, model, state: trainer.state, control: trainer.control },
    flosPerToken: 6 * model.parameterCount().nonEmbedding,
    start: stored?.progress,
    batchesOf: epochs.batches,
    ...{ emit: parts.emit, log: parts.log, save },
    evaluate: (details) => evaluateInTraining(session, details),
    lost: async (suspect) => {
      const { outputDir } = args;
      const own = (await listCheckpoints(outputDir)).filter((saved) => saved.run === work.run);
      return lostRun(suspect, { outputDir, checkpoint: own.at(-1)?.path });
    },
    stopAsked: () => parts.signal?.aborted ?? false,
    stop: async (progress) => {
      const { globalStep } = trainer.state;
      const saved = await save(progress, true);
      const where = saved
        ? `; ${checkpointFolder(args.outputDir, globalStep)} holds the run, to be resumed`
        : "";
      throw stopped(parts.signal!, ` after step ${globalStep}${where}`);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const steps = trainer.state.globalStep - firstStep;
  return end(session, { seconds, steps, plannedSamples: plan.numTrainSamples, trainLoss });
}

/** The error of a run that its signal ended. */
export function stopped({ reason }: AbortSignal, where = ""): TorchnerError {
  return new TorchnerError("EABORT", `Training was stopped by its signal${where}.`, { cause: reason });
}

function begin({ trainer, parts }: Session, { plan, batchSize, stored }: SessionWork): void {
  const { args, control } = trainer;
  const { loggingSteps, evalSteps, saveSteps } = args.getIntervals(plan.maxSteps);
  Object.assign(control, newControl());
  trainer.state = newTrainerState({
    ...stored?.state,
    ...{ maxSteps: plan.maxSteps, numTrainEpochs: plan.numTrainEpochs, trainBatchSize: batchSize },
    ...{ loggingSteps, saveSteps },
    ...(evalSteps !== undefined && { evalSteps }),
  });
  if (stored) restoreStates(parts.callbacks, control, stored.state.statefulCallbacks);
  if (stored && stored.state.maxSteps !== plan.maxSteps) {
    control.shouldTrainingStop = stored.state.globalStep >= plan.maxSteps; // a longer run was asked for
  }
  trainer.state.statefulCallbacks = savedStates(parts.callbacks, control);
}

/** What a saved run's optimizer, schedule and generator were. */
async function restore(session: Session, stored: StoredRun, force: boolean): Promise<void> {
  const { trainer, parts, scheduler } = session;
  const { path, generator, state } = stored;
  await session.optimizer.load(stored.optimizerPath);
  try {
    scheduler.loadStateDict(stored.scheduler);
  } catch (error) {
    if (!force) throw error;
    // Another schedule was asked for: it goes on at the same update.
    scheduler.loadStateDict({ ...scheduler.stateDict(), last_step: stored.scheduler.last_step });
  }
  await setRngState(generator.now);
  parts.note(`going on from ${path}, after ${state.globalStep} updates`);
  if (force && bestDifferences(stored, trainer.args).length > 0) {
    Object.assign(trainer.state, { bestMetric: null, bestGlobalStep: null, bestModelCheckpoint: null });
    return;
  }
  if (state.bestModelCheckpoint === null) return;
  // The folder may have been moved since.
  const best = checkpointFolder(trainer.args.outputDir, stepOf(state.bestModelCheckpoint));
  for (const folder of [best, state.bestModelCheckpoint]) {
    if (!(await readManifest(folder))) continue;
    trainer.state.bestModelCheckpoint = folder;
    return;
  }
  trainer.state.bestModelCheckpoint = null;
  parts.note(`${state.bestModelCheckpoint}, the best checkpoint so far, is gone`);
}

async function evaluateInTraining(session: Session, { onStart = false } = {}): Promise<void> {
  const { args, state, control } = session.trainer;
  const before = await getRngState();
  let metrics: LogRow;
  try {
    metrics = await session.trainer.evaluate();
  } catch (error) {
    await setRngState(before); // so that a stopped run can make the evaluation later, as if for the first time
    throw error;
  }
  if (onStart) return;
  if (session.scheduler.stepsOnMetric) {
    session.scheduler.step(metricValue(metrics, evalKey(args.metricForBestModel ?? "loss")));
  }
  const isBest = noteIfBest(state, metrics, args);
  if (args.saveStrategy === "best") control.shouldSave = isBest;
}

interface Saving {
  progress: Progress;
  data: string;
  run: string;
  epochs: Epochs;
  /** Whether a stop asks for it: then it is whole even with `saveOnlyModel`, and no candidate for the best. */
  stop: boolean;
}

/** @returns whether it was saved: weights that are NaN would only push out a checkpoint that is of use. */
async function saveCheckpoint(session: Session, saving: Saving): Promise<boolean> {
  const { trainer, parts, optimizer, scheduler } = session;
  const { progress, data, run, epochs, stop } = saving;
  const { args, state, control, model, processingClass } = trainer;
  const fault = nonFinite(progress);
  if (fault) {
    control.shouldSave = false;
    parts.note(`step ${state.globalStep} is not saved: ${fault} is NaN or infinite`);
    return false;
  }
  if (!stop) await noteBestCheckpoint(trainer, run);
  state.statefulCallbacks = savedStates(parts.callbacks, control);
  const contents = {
    ...{ model, optimizer, processingClass, state, progress, data, run, stop },
    scheduler: scheduler.stateDict(),
    generator: { now: await getRngState(), epochStart: epochs.startState() },
    trainingArguments: args.toJSON(),
    torchVersion: (await runtimeInfo()).torchVersion,
  };
  await writeCheckpoint(args.outputDir, contents, { onlyModel: args.saveOnlyModel && !stop });
  if (args.pushToHub && args.hubStrategy === "every_save") await publishCheckpoint(trainer, parts);
  await forgetEndedRun(args.outputDir);
  await rotate(trainer);
  control.shouldSave = false;
  await parts.emit("onSave");
  return true;
}

function rotate({ args, state }: Trainer): Promise<void> {
  const { globalStep: written, bestModelCheckpoint: best } = state;
  return rotateCheckpoints(args.outputDir, args.saveTotalLimit, { written, best });
}

/** The best evaluation's checkpoint, if the run saved that step or does so now. */
async function noteBestCheckpoint({ args, state }: Trainer, run: string): Promise<void> {
  const best = state.bestGlobalStep;
  if (best === null) return;
  const own = (await listCheckpoints(args.outputDir)).filter((saved) => saved.run === run && !saved.stop);
  if (best === state.globalStep || own.some(({ step }) => step === best))
    state.bestModelCheckpoint = checkpointFolder(args.outputDir, best);
}

/** An upload that fails must not end a run of hours: the next one brings the newer model anyway. */
async function publishCheckpoint({ args, state }: Trainer, { note }: TrainerParts): Promise<void> {
  const { globalStep: step } = state;
  const commitMessage = `Training in progress, step ${step}`;
  try {
    await publish(checkpointFolder(args.outputDir, step), args, { commitMessage, log: note });
  } catch (error) {
    note(`checkpoint-${step} was not uploaded: ${(error as Error).message}; the run goes on`);
  }
}

async function end(
  { trainer, parts }: Session,
  done: { seconds: number; steps: number; plannedSamples: number; trainLoss: number },
): Promise<TrainOutput> {
  const { args, state, model } = trainer;
  const { steps, trainLoss } = done;
  // The plan covers the whole run; a resumed one counts the share of its own steps.
  const samples = (done.plannedSamples * steps) / Math.max(1, state.maxSteps);
  const metrics: LogRow = {
    ...speedMetrics("train", done.seconds, { samples, steps }),
    total_flos: state.totalFlos,
    train_loss: trainLoss,
  };
  await parts.log(metrics);
  if (args.loadBestModelAtEnd) {
    const { bestModelCheckpoint: best, bestGlobalStep } = state;
    const kept = keptStep(args, state);
    if (bestGlobalStep !== null && bestGlobalStep !== kept) {
      const which = best ? "of the best checkpoint" : "the last one";
      parts.note(
        `the best evaluation, at step ${bestGlobalStep}, was not saved: the model is ${which}, step ${kept}`,
      );
    }
    if (best) {
      await model.loadWeights(best);
      await keepOnlyBest(args.outputDir, args.saveTotalLimit, best);
    }
  }
  await parts.emit("onTrainEnd");
  await trainer.saveState();
  return { globalStep: state.globalStep, trainingLoss: trainLoss, metrics };
}
