/**
 * Cased DistilBERT on WNUT-17's tab-separated files: curves of the run, scores of the test file by type, and names
 * found in a sentence.
 *
 *     node examples/wnut_distilbert_report.mjs [--train-file FILE --validation-file FILE --test-file FILE]
 *
 * Without files, those of WNUT-17 in the folder WNUT17. Without the hub, `--model FOLDER` takes another checkpoint; with
 * `--from-scratch`, its configuration and tokenizer alone.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  AutoConfig,
  AutoModelForTokenClassification,
  AutoTokenizer,
  classificationReport,
  DataCollatorForTokenClassification,
  loadDataset,
  pipeline,
  seqeval,
  setSeed,
  Trainer,
  TrainingArguments,
  tagSequences,
  tokenizeAndAlignLabels,
} from "torchner";

const { values: options } = parseArgs({
  options: {
    "train-file": { type: "string", default: "WNUT17/wnut17train.conll" },
    "validation-file": { type: "string", default: "WNUT17/emerging.dev.conll" },
    "test-file": { type: "string", default: "WNUT17/emerging.test.annotated" },
    model: { type: "string", default: "distilbert-base-cased" },
    "from-scratch": { type: "boolean", default: false },
    "output-dir": { type: "string", default: "fine_tuned_model" },
    "learning-rate": { type: "string", default: "2e-5" },
    "num-train-epochs": { type: "string", default: "3" },
    "max-steps": { type: "string", default: "-1" },
    "max-samples": { type: "string", default: "Infinity" },
    text: {
      type: "string",
      default: "Apple Inc. is planning to open a new store in San Francisco, California.",
    },
  },
});
const outputDir = options["output-dir"];
const maxSamples = Number(options["max-samples"]);

const data = await loadDataset({
  train: options["train-file"],
  validation: options["validation-file"],
  test: options["test-file"],
});
for (const { message } of data.notes) console.log(message); // what reading has changed
console.log(`labels, sorted: ${data.labels.join(", ")}`);

const tokenizer = await AutoTokenizer.fromPretrained(options.model);
// B- goes on as I- by the labels' names: among sorted labels, an I- is not the one after its B-.
const encoded = await data.map(tokenizeAndAlignLabels(tokenizer, { labelStrategy: "all-b-to-i" }));

await setSeed(42); // the classifier on top of the checkpoint is drawn at random
const model = options["from-scratch"]
  ? await AutoModelForTokenClassification.fromConfig(await AutoConfig.fromPretrained(options.model), {
      labels: data.labels,
    })
  : await AutoModelForTokenClassification.fromPretrained(options.model, { labels: data.labels });

try {
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      outputDir,
      evalStrategy: "epoch",
      loggingStrategy: "epoch",
      learningRate: Number(options["learning-rate"]),
      perDeviceTrainBatchSize: 16,
      perDeviceEvalBatchSize: 16,
      numTrainEpochs: Number(options["num-train-epochs"]),
      maxSteps: Number(options["max-steps"]),
      weightDecay: 0.01,
    }),
    trainDataset: encoded.train.slice(0, maxSamples),
    evalDataset: encoded.validation.slice(0, maxSamples),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(data.labels),
  });
  await trainer.train();
  await trainer.saveModel();

  // The log has a row for the training loss of an epoch and another for its evaluation.
  const { logHistory } = trainer.state;
  const curves = logHistory
    .filter((row) => "eval_loss" in row)
    .map(({ epoch, step, eval_loss, eval_precision, eval_recall, eval_f1 }) => {
      const { loss } = logHistory.find((row) => row.step === step && "loss" in row);
      return { epoch, loss, eval_loss, eval_precision, eval_recall, eval_f1 };
    });
  console.table(curves);
  const lines = [Object.keys(curves[0]), ...curves.map(Object.values)].map((cells) => `${cells.join(",")}\n`);
  await writeFile(join(outputDir, "curves.csv"), lines.join(""));

  const found = await trainer.predict(encoded.test.slice(0, maxSamples));
  const { gold, predicted } = tagSequences(found, data.labels);
  console.log(`\n${options["test-file"]}:`, found.metrics);
  console.log(classificationReport(gold, predicted, { digits: 4 }));

  const ner = await pipeline("token-classification", outputDir, { aggregationStrategy: "simple" });
  try {
    console.log(options.text);
    console.table(await ner(options.text));
  } finally {
    ner.dispose();
  }
} finally {
  model.dispose();
  tokenizer.dispose();
}
