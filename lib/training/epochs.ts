/** An epoch's batches in its order, from any place in it; and the random numbers that the order costs. */
import { DataLoader } from "../data/data_loader.ts";
import { randomOrder } from "../data/generator.ts";
import { lengthGroupedOrder } from "../data/length_grouped.ts";
import type { Batch } from "../data/types.ts";
import { drawBaseSeed, getRngState, randomPermutation, setRngState } from "../model/runtime.ts";
import type { TrainingArguments } from "./arguments.ts";
import type { Collator, Examples } from "./handles.ts";

export interface Epochs {
  readonly batchesPerEpoch: number;
  /** @param epoch  From 0.  @param skipped  Batches that a saved run has done already. */
  batches(epoch: number, skipped: number): AsyncGenerator<Batch>;
  /** The generator's state when the current epoch began, before its order was drawn. */
  startState(): Uint8Array;
}

export interface EpochsOptions {
  collator: Collator;
  batchSize: number;
  /** Of a saved run: `startState()` when it was saved. */
  startState?: Uint8Array;
}

/**
 * Hugging Face's order of a training set, with its draws from the global generator: each pass draws a base seed, as
 * torch's DataLoader does, and `groupByLength` a permutation after it. A pass that goes on in the middle of an epoch
 * repeats the draws of the epoch's beginning, and then leaves the generator as it found it.
 */
export function trainingEpochs(
  dataset: Examples,
  args: TrainingArguments,
  { collator, batchSize, startState = new Uint8Array() }: EpochsOptions,
): Epochs {
  const loader = new DataLoader(dataset, {
    ...{ batchSize, collator, dropLast: args.dataloaderDropLast },
    ...(args.groupByLength
      ? { sampler: () => groupedOrder(dataset, batchSize * args.gradientAccumulationSteps) }
      : { shuffle: true, seed: args.dataSeed ?? args.seed }),
  });
  let epochStart = startState;

  async function* batches(epoch: number, skipped: number) {
    const now = await getRngState();
    if (skipped === 0) epochStart = now;
    else await setRngState(epochStart);
    loader.setEpoch(epoch);
    await drawBaseSeed();
    const pass = loader.batchesFrom(skipped);
    const first = await pass.next(); // the order is drawn here
    if (skipped > 0) await setRngState(now);
    if (first.done) return;
    yield first.value;
    yield* pass;
  }
  return { batchesPerEpoch: loader.length, batches, startState: () => epochStart };
}

async function groupedOrder(dataset: Examples, updateSize: number): Promise<Int32Array> {
  return lengthGroupedOrder(lengthsOf(dataset), updateSize, await randomPermutation(dataset.length));
}

/**
 * The order that an evaluation goes through a dataset in, as indexes. `groupByLength` groups evaluations as well in
 * Hugging Face, whose `eval_loss` hangs on which sentences share a batch; there predictions come out in that order.
 */
export function evaluationOrder(dataset: Examples, args: TrainingArguments): Int32Array {
  const { groupByLength, perDeviceEvalBatchSize: batchSize, dataSeed, seed } = args;
  if (!groupByLength) return Int32Array.from({ length: dataset.length }, (_, i) => i);
  return lengthGroupedOrder(lengthsOf(dataset), batchSize, randomOrder(dataset.length, dataSeed ?? seed));
}

function lengthsOf(dataset: Examples): Int32Array {
  return Int32Array.from({ length: dataset.length }, (_, i) => dataset.at(i)!.inputIds.length);
}
