/**
 * Uncased BERT on CoNLL-2003, where every piece of a word learns the word's label; saved, and opened with `pipeline`.
 *
 *     node examples/conll_uncased_every_piece.mjs --dataset DATASET
 *
 * DATASET is a folder with train, valid and test files, or a dataset of the hub such as hgissbkh/conll2003-en. Without
 * the hub, `--model FOLDER` takes another checkpoint; with `--from-scratch`, its configuration and tokenizer alone.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  AutoConfig,
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  loadDataset,
  pipeline,
  seqeval,
  setSeed,
  Trainer,
  TrainingArguments,
  tokenizeAndAlignLabels,
} from "torchner";

const { values: options } = parseArgs({
  options: {
    dataset: { type: "string" },
    model: { type: "string", default: "bert-base-uncased" },
    "from-scratch": { type: "boolean", default: false },
    "output-dir": { type: "string", default: "test-ner" },
    "learning-rate": { type: "string", default: "2e-5" },
    "num-train-epochs": { type: "string", default: "3" },
    "max-steps": { type: "string", default: "-1" },
    "max-samples": { type: "string", default: "Infinity" },
    text: { type: "string", default: "Bill Gates is the Founder of Microsoft" },
  },
});
const outputDir = options["output-dir"];
const maxSamples = Number(options["max-samples"]);

const data = await loadDataset({ dataset: options.dataset });
console.log(`${data.train.length} sentences to learn from, ${data.validation.length} to validate on`);
console.log("the first:", data.train.at(0).tokens.join(" "));
console.log("its tags: ", data.train.at(0).nerTags.join(" "));

const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const encoded = await data.map(tokenizeAndAlignLabels(tokenizer, { labelStrategy: "all" }));

await setSeed(42); // the classifier on top of the checkpoint is drawn at random
// config.json gets the labels' names as id2label and label2id.
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
    computeMetrics: seqeval(data.labels), // of pieces, as they are labelled
  });
  await trainer.train(); // shows its losses and scores as it goes

  const folder = join(outputDir, "ner_model");
  await model.savePretrained(folder);
  await tokenizer.savePretrained(folder);

  const ner = await pipeline("ner", folder);
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
