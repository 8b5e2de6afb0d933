/**
 * The loop itself, in Hugging Face's order: for each update forward and backward of its batches, clip, optimizer,
 * scheduler, zero the gradients, count; then log, evaluate, save. Everything it needs is in `TrainingRun`.
 */
import type { EventDetails, EventName, TrainerControl } from "../callbacks/callback.ts";
import type { Batch } from "../data/types.ts";
import { TorchnerError } from "../native/errors.ts";
import type { NativeTensor } from "../native/types.ts";
import type { Scheduler } from "../optim/scheduler.ts";
import { ignoredLabel } from "../tokenization/align.ts";
import type { TrainingArguments } from "./arguments.ts";
import type { TrainableModel, TrainableOptimizer } from "./handles.ts";
import { LossLog } from "./loss_log.ts";
import type { Suspect } from "./non_finite.ts";
import { explainingMemory, trainingRemedy } from "./out_of_memory.ts";
import { accumulationDivisors, type Plan } from "./plan.ts";
import { nonFinite, type Progress } from "./progress.ts";
import type { LogRow, TrainerState } from "./state.ts";

export interface TrainingRun {
  args: TrainingArguments;
  plan: Plan;
  model: TrainableModel;
  optimizer: TrainableOptimizer;
  scheduler: Scheduler;
  state: TrainerState;
  control: TrainerControl;
  /** Floating-point operations of forward and backward per token, by the usual estimate. */
  flosPerToken: number;
  /** The batches of one epoch, in that epoch's order, without the first `skipped`. */
  batchesOf(epoch: number, skipped: number): AsyncIterable<Batch>;
  /** Where a saved run goes on. */
  start?: Progress;
  emit(event: EventName, details?: Partial<EventDetails>): Promise<void>;
  /** Adds a row to the log. */
  log(row: LogRow): Promise<void>;
  /** Evaluates and notes whether it is the best so far. One that a stop cuts short leaves no trace. `onStart`: before the first update. */
  evaluate(details?: { onStart: boolean }): Promise<void>;
  save(progress: Progress): Promise<unknown>;
  /** The error of a run whose losses or gradients stay NaN or infinite. */
  lost(suspect: Suspect): Promise<TorchnerError>;
  /** Whether the caller wants to stop; looked at between updates. */
  stopAsked(): boolean;
  /** Called once after `stopAsked`, with what a later run needs to go on; throws. */
  stop(progress: Progress): Promise<never>;
}

/** Without clipping the norm is still logged: at float32's largest value gradients are multiplied by exactly 1. */
const NEVER_CLIPS = 3.4028234663852886e38;

/** What the last update leaves for the log. */
interface LastUpdate {
  learningRate: number;
}

/** Trains to the end. Resolves to the mean loss of an update over the whole run, its part before a resume included. */
export async function runTraining(run: TrainingRun): Promise<{ trainLoss: number }> {
  const { state, control, plan, start } = run;
  const size = run.args.gradientAccumulationSteps;
  const losses = new LossLog({
    ...{ filter: run.args.loggingNanInfFilter, start: start?.losses },
    lost: async (suspect) => {
      throw await run.lost(suspect);
    },
  });
  const last = { learningRate: start?.last_update.learning_rate ?? run.scheduler.getLastLr() };
  const gradNorm = async () => (await losses.norm()) ?? start?.last_update.grad_norm ?? undefined;
  const at = { epoch: start?.epoch ?? 0, updates: start?.updates_in_epoch ?? 0, ended: false };

  const progress = async (due: Progress["due"]): Promise<Progress> => ({
    ...{ epoch: at.epoch, updates_in_epoch: at.updates, epoch_ended: at.ended, due },
    last_update: { grad_norm: (await gradNorm()) ?? null, learning_rate: last.learningRate },
    losses: await losses.state(),
  });
  const logEvaluateSave = async () => {
    if (control.shouldLog && losses.hasNews(state.globalStep)) {
      const { sum, updates } = await losses.take(state.globalStep);
      const norm = await gradNorm();
      const known = norm === undefined ? undefined : { grad_norm: norm };
      await run.log({ loss: sum / updates, ...known, learning_rate: last.learningRate });
    }
    const due = { evaluate: control.shouldEvaluate, save: control.shouldSave };
    if (run.stopAsked()) await run.stop(await progress(due));
    if (control.shouldEvaluate) {
      try {
        await run.evaluate();
      } catch (error) {
        if (run.stopAsked()) await run.stop(await progress(due));
        throw error;
      }
    }
    if (control.shouldSave) await run.save(await progress({ evaluate: false, save: false }));
  };
  const oneUpdate = async (batches: Batch[]) => {
    Object.assign(control, { shouldLog: false, shouldEvaluate: false, shouldSave: false });
    await run.emit("onStepBegin");
    const memory = { name: `Step ${state.globalStep + 1}`, batches, remedy: trainingRemedy };
    await explainingMemory(memory, () => update(run, batches, losses, last));
    at.updates++;
    state.globalStep++;
    const batchesDone = Math.min(at.updates * size, plan.batchesPerEpoch);
    state.epoch = at.epoch + batchesDone / plan.batchesPerEpoch;
    await run.emit("onStepEnd", { tokens: countTokens(batches) });
    await logEvaluateSave();
  };
  /** Whatever an epoch, or the rest of it, still has to do. */
  const oneEpoch = async (resumed: boolean) => {
    if (!resumed) control.shouldEpochStop = false;
    await run.emit("onEpochBegin");
    const ends = () => control.shouldEpochStop || control.shouldTrainingStop;
    if (!ends()) {
      for await (const batches of inUpdates(run.batchesOf(at.epoch, at.updates * size), size)) {
        await oneUpdate(batches);
        if (ends()) break;
      }
    }
    at.ended = true;
    await run.emit("onEpochEnd");
    await logEvaluateSave();
  };

  try {
    await run.optimizer.zeroGrad(); // the model may hold gradients of an earlier run that was stopped
    await run.emit("onTrainBegin");
    if (start) {
      Object.assign(control, { shouldEvaluate: start.due.evaluate, shouldSave: start.due.save });
      at.ended = start.epoch_ended;
      await logEvaluateSave();
    } else if (run.args.evalOnStart) await run.evaluate({ onStart: true });
    if (start && !start.epoch_ended) await oneEpoch(true);
    else if (start) at.ended = true;
    for (;;) {
      if (at.ended) Object.assign(at, { epoch: at.epoch + 1, updates: 0, ended: false });
      if (at.epoch >= plan.numTrainEpochs || control.shouldTrainingStop) break;
      await oneEpoch(false);
    }
    const fault = nonFinite(await progress({ evaluate: false, save: false }));
    if (fault) throw endedLost(fault, state.globalStep);
    // Hugging Face divides by 0.001 where no update was made; 0 / 0.001 is the same 0.
    return { trainLoss: (await losses.total()) / Math.max(1, state.globalStep) };
  } finally {
    losses.dispose();
  }
}

function endedLost(fault: string, step: number): TorchnerError {
  return new TorchnerError(
    "ENONFINITE",
    `The last update, step ${step}, left a model without use: ${fault} is NaN or infinite. ` +
      "Lower learningRate (--learning-rate), or take an earlier checkpoint.",
  );
}

/** One optimizer update from the gradients of one or more batches. */
async function update(run: TrainingRun, batches: Batch[], losses: LossLog, last: LastUpdate): Promise<void> {
  const { args, model, optimizer, scheduler, state } = run;
  const labelTokens = batches.map(countLabels);
  const divisors = accumulationDivisors(labelTokens, args.gradientAccumulationLoss);

  for (const [i, batch] of batches.entries()) {
    const shared = batches.length > 1; // then a batch without labels adds nothing, and has no mean
    if (!shared || labelTokens[i]! > 0) {
      const loss = await backward(model, batch, shared ? divisors[i] : undefined);
      await losses.add(loss, state.globalStep, batch, { labelled: labelTokens[i]! > 0 });
      state.totalFlos += run.flosPerToken * batch.inputIds.length;
    }
    if (i < batches.length - 1) await run.emit("onSubstepEnd");
  }

  const norm = await optimizer.clipGradNorm(args.maxGradNorm > 0 ? args.maxGradNorm : NEVER_CLIPS);
  await losses.addNorm(norm, state.globalStep, batches);
  await run.emit("onPreOptimizerStep");
  await optimizer.step();
  await run.emit("onOptimizerStep");
  last.learningRate = scheduler.getLastLr();
  if (!scheduler.stepsOnMetric) scheduler.step();
  await optimizer.zeroGrad();
}

/** Forward and backward of one batch, its loss divided. Resolves to that loss, a scalar without a graph. */
async function backward(
  model: TrainableModel,
  batch: Batch,
  divisor: number | undefined,
): Promise<NativeTensor> {
  const out = await model.forward(batch, { training: true, grad: true });
  let divided: NativeTensor | undefined;
  try {
    divided = divisor === undefined ? undefined : await out.loss!.div(divisor);
    const loss = divided ?? out.loss!;
    await loss.backward();
    return await loss.detach();
  } finally {
    divided?.dispose();
    out.dispose();
  }
}

/** Groups batches by `size`; the last group of an epoch may be smaller. */
async function* inUpdates(batches: AsyncIterable<Batch>, size: number): AsyncGenerator<Batch[]> {
  let group: Batch[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function countLabels({ labels }: Batch): number {
  if (!labels)
    throw new TorchnerError("EARG", "trainDataset: a batch has no labels, so there is nothing to learn.");
  let count = 0;
  for (const label of labels) if (label !== ignoredLabel) count++;
  return count;
}

function countTokens(batches: readonly Batch[]): number {
  let count = 0;
  for (const { attentionMask } of batches) for (const real of attentionMask) count += real;
  return count;
}
