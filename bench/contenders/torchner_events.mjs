/** Longest time that the event loop was held up while a Trainer trains, evaluates and writes a checkpoint. */
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import {
  AutoModelForTokenClassification,
  AutoTokenizer,
  loadDataset,
  seqeval,
  Trainer,
  TrainingArguments,
  tokenizeAndAlignLabels,
} from "torchner";
import { serve } from "./serve.mjs";

await serve(async ({ folder, trainFile, samples, evaluated, output, threads }) => {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const data = await loadDataset({ train: trainFile });
  const { train, labels } = await data.map(tokenizeAndAlignLabels(tokenizer));
  const model = await AutoModelForTokenClassification.fromPretrained(folder, { device: "cpu" });
  let turn = 0;
  return async () => {
    // A folder of its own: two seconds after one is deleted the system takes a core for itself.
    const outputDir = join(output, String(++turn));
    const args = new TrainingArguments({
      ...{ outputDir, numTrainEpochs: 1, perDeviceTrainBatchSize: 16, perDeviceEvalBatchSize: 32 },
      ...{ evalStrategy: "epoch", saveStrategy: "epoch", loggingSteps: 1, disableTqdm: true, threads },
    });
    const trainer = new Trainer({
      ...{ model, args, processingClass: tokenizer, computeMetrics: seqeval(labels) },
      ...{ trainDataset: train.slice(0, samples), evalDataset: train.slice(0, evaluated) },
    });
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    await trainer.train();
    delays.disable();
    return { longest: delays.max / 1e6, percentile99: delays.percentile(99) / 1e6 };
  };
});
