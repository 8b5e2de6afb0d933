/**
 * Cased BERT-large on CoNLL-2003's four-column files: every sentence padded or cut to 120 pieces, a word's label on its
 * first piece, evaluation every 100 updates with TensorBoard, the best checkpoint kept, a report of the test file.
 *
 *     node examples/conll_large_fixed_length.mjs --dataset FOLDER
 *     tensorboard --logdir output/logs
 *
 * FOLDER holds train.txt, valid.txt and test.txt. Without the hub, `--model FOLDER` takes another checkpoint; with
 * `--from-scratch`, its configuration and tokenizer alone.
 */
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
  setSeed,
  Trainer,
  TrainingArguments,
  tagSequences,
  tokenizeAndAlignLabels,
} from "torchner";

const { values: options } = parseArgs({
  options: {
    dataset: { type: "string" },
    model: { type: "string", default: "bert-large-cased" },
    "from-scratch": { type: "boolean", default: false },
    "output-dir": { type: "string", default: "output" },
    "learning-rate": { type: "string", default: "2e-5" },
    "num-train-epochs": { type: "string", default: "5" },
    "max-steps": { type: "string", default: "-1" },
    "eval-steps": { type: "string", default: "100" },
    "max-samples": { type: "string", default: "Infinity" },
    text: { type: "string", default: "Indian Cricket Team captain Rohit Sharma lives in Mumbai" },
  },
});
const outputDir = options["output-dir"];
const evalSteps = Number(options["eval-steps"]);
const maxSamples = Number(options["max-samples"]);
const labels = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"];

const data = await loadDataset({ dataset: options.dataset, labelNames: labels });
const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const encode = tokenizeAndAlignLabels(tokenizer, {
  labelStrategy: "first",
  maxLength: 120,
  padToMaxLength: true,
  longSequences: "truncate", // what is over the length is lost, as in the notebooks; the default covers it by windows
});
const encoded = await data.map(encode);
console.log(`every sentence is of ${encoded.train.at(0).inputIds.length} pieces`);

await setSeed(42); // the classifier on top of the checkpoint is drawn at random
const model = options["from-scratch"]
  ? await AutoModelForTokenClassification.fromConfig(await AutoConfig.fromPretrained(options.model), {
      labels,
    })
  : await AutoModelForTokenClassification.fromPretrained(options.model, { labels });

let report = ""; // of the latest evaluation
function computeMetrics(prediction) {
  const { gold, predicted } = tagSequences(prediction, labels);
  report = classificationReport(gold, predicted, { digits: 4 });
  const average = classificationReport(gold, predicted, { outputDict: true })["weighted avg"];
  return { precision: average.precision, recall: average.recall, f1: average["f1-score"] };
}

try {
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      outputDir,
      learningRate: Number(options["learning-rate"]),
      perDeviceTrainBatchSize: 16,
      perDeviceEvalBatchSize: 32,
      numTrainEpochs: Number(options["num-train-epochs"]),
      maxSteps: Number(options["max-steps"]),
      weightDecay: 0.01,
      evalStrategy: "steps",
      evalSteps,
      saveStrategy: "steps",
      saveSteps: evalSteps, // the best model can only be one that was saved
      saveTotalLimit: 1,
      loadBestModelAtEnd: true,
      metricForBestModel: "f1",
      reportTo: ["tensorboard"],
      loggingDir: join(outputDir, "logs"),
    }),
    trainDataset: encoded.train.slice(0, maxSamples),
    evalDataset: encoded.validation.slice(0, maxSamples),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics,
  });
  await trainer.train();
  console.log("best checkpoint:", trainer.state.bestModelCheckpoint);
  console.log("validation:", await trainer.evaluate());

  const { metrics } = await trainer.predict(encoded.test.slice(0, maxSamples));
  console.log("test:", metrics);
  console.log(report);

  const folder = join(outputDir, "best_model");
  await trainer.saveModel(folder);
  const ner = await pipeline("ner", folder);
  try {
    console.log(options.text);
    for (const { word, entity, score } of await ner(options.text))
      console.log(`Entity: ${word}, Label: ${entity}, Score: ${score.toFixed(4)}`);
  } finally {
    ner.dispose();
  }
} finally {
  model.dispose();
  tokenizer.dispose();
}
