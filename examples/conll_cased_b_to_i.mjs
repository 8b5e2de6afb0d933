/**
 * Cased BERT on CoNLL-2003, where the pieces after a word's first go on with I- for B-: evaluated and saved after each
 * epoch, and pushed to the hub if you say where to.
 *
 *     node examples/conll_cased_b_to_i.mjs --dataset DATASET [--push-to-hub ORG/NAME]
 *
 * DATASET is a folder with train, valid and test files, or a dataset of the hub such as hgissbkh/conll2003-en. A push
 * needs a token that may write, in HF_TOKEN. Without the hub, `--model FOLDER` takes another checkpoint; with
 * `--from-scratch`, its configuration and tokenizer alone.
 */
import { parseArgs } from "node:util";
import {
  AutoConfig,
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  loadDataset,
  seqeval,
  setSeed,
  Trainer,
  TrainingArguments,
  tokenizeAndAlignLabels,
} from "torchner";

const { values: options } = parseArgs({
  options: {
    dataset: { type: "string" },
    model: { type: "string", default: "bert-base-cased" },
    "from-scratch": { type: "boolean", default: false },
    "output-dir": { type: "string", default: "bert-finetuned-ner" },
    "push-to-hub": { type: "string" },
    "learning-rate": { type: "string", default: "2e-5" },
    "num-train-epochs": { type: "string", default: "3" },
    "max-steps": { type: "string", default: "-1" },
    "max-samples": { type: "string", default: "Infinity" },
  },
});
const maxSamples = Number(options["max-samples"]);
const hubModelId = options["push-to-hub"];

const data = await loadDataset({ dataset: options.dataset });
for (const split of ["train", "validation", "test"])
  console.log(`${split}: ${data[split]?.length} sentences`);
console.log("labels:", data.labels.join(", "));

const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const encoded = await data.map(tokenizeAndAlignLabels(tokenizer, { labelStrategy: "all-b-to-i" }));
console.log("\nThe first sentences as the model sees them, each piece with its label:");
for (const { inputIds, labels } of encoded.train.slice(0, 3)) {
  const pieces = tokenizer.convertIdsToTokens(inputIds);
  const labelled = pieces.map((piece, i) => (labels[i] < 0 ? piece : `${piece}/${data.labels[labels[i]]}`));
  console.log(`  ${labelled.join(" ")}`);
}

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
      outputDir: options["output-dir"],
      evalStrategy: "epoch",
      saveStrategy: "epoch",
      learningRate: Number(options["learning-rate"]),
      numTrainEpochs: Number(options["num-train-epochs"]),
      maxSteps: Number(options["max-steps"]),
      weightDecay: 0.01,
      pushToHub: hubModelId !== undefined,
      hubModelId,
    }),
    trainDataset: encoded.train.slice(0, maxSamples),
    evalDataset: encoded.validation.slice(0, maxSamples),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(data.labels),
  });
  const { globalStep, trainingLoss, metrics } = await trainer.train();
  await trainer.saveModel();
  console.log(
    `\n${globalStep} updates in ${metrics.train_runtime} s, training loss ${trainingLoss.toFixed(4)}`,
  );

  if (hubModelId !== undefined) {
    const { url, commit } = await trainer.pushToHub({ commitMessage: "Training complete" });
    console.log(`pushed to ${url}, commit ${commit}`);
  }
} finally {
  model.dispose();
  tokenizer.dispose();
}
