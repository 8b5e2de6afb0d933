/** Seconds between a Trainer's step and the end of its checkpoint. */
import { rmSync } from "node:fs";
import {
  AutoModelForTokenClassification,
  AutoTokenizer,
  loadDataset,
  Trainer,
  TrainingArguments,
  tokenizeAndAlignLabels,
} from "torchner";
import { serve } from "./serve.mjs";

await serve(async ({ folder, trainFile, output, threads }) => {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const data = await loadDataset({ train: trainFile });
  const { train } = await data.map(tokenizeAndAlignLabels(tokenizer));
  const model = await AutoModelForTokenClassification.fromPretrained(folder, { device: "cpu" });
  return async () => {
    rmSync(output, { recursive: true, force: true });
    let start;
    let seconds;
    const clock = {
      onStepEnd: () => {
        start = performance.now();
      },
      onSave: () => {
        seconds = (performance.now() - start) / 1000;
      },
    };
    const trainer = new Trainer({
      ...{ model, processingClass: tokenizer, trainDataset: train.slice(0, 16), callbacks: [clock] },
      args: new TrainingArguments({
        ...{ outputDir: output, maxSteps: 1, saveSteps: 1, perDeviceTrainBatchSize: 16 },
        ...{ disableTqdm: true, threads },
      }),
    });
    await trainer.train();
    return { seconds };
  };
});
