/**
 * Cased BERT on CoNLL-2003 without Trainer: loaders, AdamW and schedule by hand, with the same handles that Trainer
 * uses; evaluated and saved after each epoch, and opened with `pipeline`.
 *
 *     node examples/conll_manual_loop.mjs --dataset DATASET
 *
 * DATASET is a folder with train, valid and test files, or a dataset of the hub such as hgissbkh/conll2003-en. Without
 * the hub, `--model FOLDER` takes another checkpoint; with `--from-scratch`, its configuration and tokenizer alone.
 */
import { parseArgs } from "node:util";
import {
  AdamW,
  AutoConfig,
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  DataLoader,
  evaluateEntities,
  getScheduler,
  loadDataset,
  pipeline,
  setSeed,
  tagSequences,
  tokenizeAndAlignLabels,
} from "torchner";

const { values: options } = parseArgs({
  options: {
    dataset: { type: "string" },
    model: { type: "string", default: "bert-base-cased" },
    "from-scratch": { type: "boolean", default: false },
    "output-dir": { type: "string", default: "bert-finetuned-ner-by-hand" },
    "learning-rate": { type: "string", default: "2e-5" },
    "num-train-epochs": { type: "string", default: "3" },
    "max-samples": { type: "string", default: "Infinity" },
    text: { type: "string", default: "Wolfgang Schmidt of Siemens flew from Berlin to New York." },
  },
});
const epochs = Number(options["num-train-epochs"]);
const maxSamples = Number(options["max-samples"]);

const data = await loadDataset({ dataset: options.dataset });
const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const encoded = await data.map(tokenizeAndAlignLabels(tokenizer, { labelStrategy: "all-b-to-i" }));
const collator = new DataCollatorForTokenClassification(tokenizer);
const trainLoader = new DataLoader(encoded.train.slice(0, maxSamples), {
  batchSize: 8,
  shuffle: true,
  collator,
});
const validationLoader = new DataLoader(encoded.validation.slice(0, maxSamples), { batchSize: 8, collator });

await setSeed(42); // the classifier on top of the checkpoint is drawn at random
const model = options["from-scratch"]
  ? await AutoModelForTokenClassification.fromConfig(await AutoConfig.fromPretrained(options.model), {
      labels: data.labels,
    })
  : await AutoModelForTokenClassification.fromPretrained(options.model, { labels: data.labels });
const optimizer = new AdamW(model, { lr: Number(options["learning-rate"]) });
const numTrainingSteps = epochs * trainLoader.length;
const scheduler = getScheduler("linear", { optimizer, numWarmupSteps: 0, numTrainingSteps });

// Models, optimizers and outputs hold memory outside of JavaScript's heap; `dispose()` gives it back at once.
try {
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    model.train();
    for await (const batch of trainLoader) {
      const out = await model.forward(batch);
      try {
        await out.loss.backward();
        await optimizer.step();
        scheduler.step();
        await optimizer.zeroGrad();
        // Reading a value waits for the device; nothing else here does.
        if (++step % 100 === 0)
          console.log(`step ${step}/${numTrainingSteps}  loss ${(await out.loss.item()).toFixed(4)}`);
      } finally {
        out.dispose();
      }
    }

    model.eval();
    const gold = [];
    const predicted = [];
    for await (const batch of validationLoader) {
      const out = await model.forward(batch);
      const best = await out.logits.argmax();
      try {
        const ids = { predictions: await best.toTypedArray(), labelIds: batch.labels, shape: batch.shape };
        const tags = tagSequences(ids, data.labels);
        gold.push(...tags.gold);
        predicted.push(...tags.predicted);
      } finally {
        best.dispose();
        out.dispose();
      }
    }
    const { types, ...overall } = evaluateEntities(gold, predicted);
    console.log(`epoch ${epoch}:`, overall);

    await model.savePretrained(options["output-dir"]);
    await tokenizer.savePretrained(options["output-dir"]);
  }

  const ner = await pipeline("token-classification", model, { tokenizer, aggregationStrategy: "simple" });
  console.log(options.text);
  console.table(await ner(options.text));
} finally {
  optimizer.dispose();
  model.dispose();
  tokenizer.dispose();
}
