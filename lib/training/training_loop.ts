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
import { accumulationWeights, type Plan } from "./plan.ts";
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
  /** The batches of one epoch, in that epoch's order. */
  batchesOf(epoch: number): AsyncIterable<Batch>;
  emit(event: EventName, details?: Partial<EventDetails>): Promise<void>;
  /** Adds a row to the log. */
  log(row: LogRow): Promise<void>;
  /** Evaluates and notes whether it is the best so far. */
  evaluate(): Promise<void>;
  save(): Promise<void>;
  /** Throws when the caller wants to stop. */
  throwIfAborted(): void;
}

/** Without clipping the norm is still logged: at float32's largest value gradients are multiplied by exactly 1. */
const NEVER_CLIPS = 3.4028234663852886e38;

/** What the last update leaves for the log. */
interface LastUpdate {
  gradNorm?: NativeTensor;
  learningRate: number;
}

/** Trains to the end. Resolves to the mean loss of an update. */
export async function runTraining(run: TrainingRun): Promise<{ trainLoss: number }> {
  const { state, control, plan } = run;
  const losses = new LossLog(state.globalStep);
  const last: LastUpdate = { learningRate: run.scheduler.getLastLr() };
  const firstStep = state.globalStep;
  let total = 0;

  const logEvaluateSave = async () => {
    if (control.shouldLog && losses.hasNews(state.globalStep)) {
      const { sum, updates } = await losses.take(state.globalStep);
      total += sum;
      const gradNorm = last.gradNorm && { grad_norm: await last.gradNorm.item() };
      await run.log({ loss: sum / updates, ...gradNorm, learning_rate: last.learningRate });
    }
    if (control.shouldEvaluate) await run.evaluate();
    if (control.shouldSave) await run.save();
  };

  try {
    await run.optimizer.zeroGrad(); // the model may hold gradients of an earlier run that was stopped
    await run.emit("onTrainBegin");
    for (let epoch = 0; epoch < plan.numTrainEpochs && !control.shouldTrainingStop; epoch++) {
      control.shouldEpochStop = false;
      await run.emit("onEpochBegin");
      let batchesDone = 0;
      for await (const batches of inUpdates(run.batchesOf(epoch), run.args.gradientAccumulationSteps)) {
        run.throwIfAborted();
        Object.assign(control, { shouldLog: false, shouldEvaluate: false, shouldSave: false });
        await run.emit("onStepBegin");
        await update(run, batches, losses, last);
        batchesDone += batches.length;
        state.globalStep++;
        state.epoch = epoch + batchesDone / plan.batchesPerEpoch;
        await run.emit("onStepEnd", { tokens: countTokens(batches) });
        await logEvaluateSave();
        if (control.shouldEpochStop || control.shouldTrainingStop) break;
      }
      await run.emit("onEpochEnd");
      await logEvaluateSave();
    }
    total += (await losses.take(state.globalStep)).sum;
    // Hugging Face divides by 0.001 where no update was made; 0 / 0.001 is the same 0.
    return { trainLoss: total / Math.max(1, state.globalStep - firstStep) };
  } finally {
    last.gradNorm?.dispose();
    losses.dispose();
  }
}

/** One optimizer update from the gradients of one or more batches. */
async function update(run: TrainingRun, batches: Batch[], losses: LossLog, last: LastUpdate): Promise<void> {
  const { args, model, optimizer, scheduler, state } = run;
  const labelTokens = batches.map(countLabels);
  const weights = accumulationWeights(labelTokens);

  for (const [i, batch] of batches.entries()) {
    run.throwIfAborted();
    const shared = batches.length > 1; // then a batch without labels adds nothing, and has no mean
    if (!shared || labelTokens[i]! > 0) {
      model.train(); // an evaluation or a callback may have switched it off
      const loss = await backward(model, batch, shared ? weights[i] : undefined);
      await losses.add(loss, state.globalStep);
      state.totalFlos += run.flosPerToken * batch.inputIds.length;
    }
    if (i < batches.length - 1) await run.emit("onSubstepEnd");
  }

  run.throwIfAborted();
  last.gradNorm?.dispose();
  last.gradNorm = undefined;
  last.gradNorm = await optimizer.clipGradNorm(args.maxGradNorm > 0 ? args.maxGradNorm : NEVER_CLIPS);
  await run.emit("onPreOptimizerStep");
  await optimizer.step();
  await run.emit("onOptimizerStep");
  last.learningRate = scheduler.getLastLr();
  scheduler.step();
  await optimizer.zeroGrad();
}

/** Forward and backward of one batch, its loss times `weight`. Resolves to that loss, a scalar without a graph. */
async function backward(
  model: TrainableModel,
  batch: Batch,
  weight: number | undefined,
): Promise<NativeTensor> {
  const out = await model.forward(batch);
  let weighted: NativeTensor | undefined;
  try {
    weighted = weight === undefined ? undefined : await out.loss!.mul(weight);
    const loss = weighted ?? out.loss!;
    await loss.backward();
    return await loss.detach();
  } finally {
    weighted?.dispose();
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
