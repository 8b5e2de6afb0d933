import { TorchnerError } from "../native/errors.ts";

/** How long a run is, all counted before it starts. */
export interface Plan {
  batchesPerEpoch: number;
  /** Optimizer updates in a whole epoch; the last one may hold fewer batches than the others. */
  updatesPerEpoch: number;
  /** Updates of the whole run. */
  maxSteps: number;
  /** Epochs begun, whole or not. */
  numTrainEpochs: number;
  /** Sentences seen in the whole run, as `train_samples_per_second` counts them. */
  numTrainSamples: number;
}

/**
 * Hugging Face's arithmetic: `maxSteps` wins over `numTrainEpochs`, and 1.5 epochs of 5 updates are 8.
 * @throws {TorchnerError} `EARG` if there is nothing to train on.
 */
export function planTraining(options: {
  examples: number;
  batches: number;
  batchSize: number;
  gradientAccumulationSteps: number;
  numTrainEpochs: number;
  maxSteps: number;
}): Plan {
  const { examples, batches, batchSize, gradientAccumulationSteps, numTrainEpochs } = options;
  if (batches === 0) {
    const remedy =
      examples === 0
        ? "give it sentences"
        : `lower perDeviceTrainBatchSize (--per-device-train-batch-size), now ${batchSize}, or switch ` +
          "dataloaderDropLast (--dataloader-drop-last) off";
    throw new TorchnerError("EARG", `trainDataset: ${examples} sentences make no batch; ${remedy}.`);
  }
  const updatesPerEpoch = Math.ceil(batches / gradientAccumulationSteps);
  if (options.maxSteps > 0) {
    return {
      batchesPerEpoch: batches,
      updatesPerEpoch,
      maxSteps: options.maxSteps,
      numTrainEpochs: Math.ceil(options.maxSteps / updatesPerEpoch),
      numTrainSamples: options.maxSteps * batchSize * gradientAccumulationSteps,
    };
  }
  return {
    batchesPerEpoch: batches,
    updatesPerEpoch,
    maxSteps: Math.ceil(numTrainEpochs * updatesPerEpoch),
    numTrainEpochs: Math.ceil(numTrainEpochs),
    numTrainSamples: examples * numTrainEpochs,
  };
}

/**
 * What each batch's mean loss is divided by within an update.
 *
 * `token`: makes the mean over all label tokens of the update, so that 4 x 4 sentences give the gradients of 16 x 1;
 * infinite for a batch without labels.
 * `mean`: the mean of the batches' means, as transformers 4 has it. (transformers 5 adds the means up for BERT:
 * twice the batches, twice the loss; that is not offered.)
 */
export function accumulationDivisors(labelTokens: readonly number[], kind: "token" | "mean"): number[] {
  if (kind === "mean") return labelTokens.map(() => labelTokens.length);
  const total = labelTokens.reduce((sum, count) => sum + count, 0);
  return labelTokens.map((count) => (count === 0 ? Number.POSITIVE_INFINITY : total / count));
}
