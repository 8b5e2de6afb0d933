/**
 * Fine-tuning without Trainer: loader, model, AdamW and schedule by hand, with the same handles that Trainer uses.
 *
 *     node examples/manual_loop.mjs [TRAIN VALIDATION [CHECKPOINT]]
 */
import { fileURLToPath } from "node:url";
import {
  AdamW,
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  DataLoader,
  defaultCheckpoint,
  evaluateEntities,
  getScheduler,
  loadDataset,
  setSeed,
  tokenizeAndAlignLabels,
} from "torchner";

const corpusFile = (name) => fileURLToPath(new URL(`quickstart/${name}`, import.meta.url));
const [
  trainFile = corpusFile("train.txt"),
  validationFile = corpusFile("validation.txt"),
  checkpoint = defaultCheckpoint,
] = process.argv.slice(2);
const epochs = 3;
const learningRate = 3e-4; // high: the quickstart's corpus is small

const data = await loadDataset({ train: trainFile, validation: validationFile });
await setSeed(42);
const tokenizer = await AutoTokenizer.fromPretrained(checkpoint);
const model = await AutoModelForTokenClassification.fromPretrained(checkpoint, { labels: data.labels });
const encoded = await data.map(tokenizeAndAlignLabels(tokenizer));
const collator = new DataCollatorForTokenClassification(tokenizer);
const trainLoader = new DataLoader(encoded.train, { batchSize: 16, shuffle: true, seed: 42, collator });
const validationLoader = new DataLoader(encoded.validation, { batchSize: 16, collator });
const optimizer = new AdamW(model, { lr: learningRate, weightDecay: 0.01 });
const scheduler = getScheduler("linear", {
  optimizer,
  numWarmupSteps: 0,
  numTrainingSteps: epochs * trainLoader.length,
});

// Models, optimizers and outputs hold memory outside of JavaScript's heap; `dispose()` gives it back at once.
try {
  for (let epoch = 0; epoch < epochs; epoch++) {
    const loss = await trainEpoch(epoch);
    const { overall_precision, overall_recall, overall_f1 } = await evaluate();
    const [p, r, f1] = [overall_precision, overall_recall, overall_f1].map((score) =>
      (100 * score).toFixed(2),
    );
    console.log(`epoch ${epoch + 1}  loss ${loss.toFixed(4)}  P ${p}  R ${r}  F1 ${f1}`);
  }
} finally {
  optimizer.dispose();
  model.dispose();
  tokenizer.dispose();
}

/** One pass over the training sentences. Resolves to the loss of its last batch. */
async function trainEpoch(epoch) {
  model.train();
  trainLoader.setEpoch(epoch);
  let last = Number.NaN;
  let step = 0;
  for await (const batch of trainLoader) {
    const out = await model.forward(batch);
    try {
      await out.loss.backward();
      (await optimizer.clipGradNorm(1)).dispose();
      await optimizer.step();
      scheduler.step();
      await optimizer.zeroGrad();
      // Reading a value waits for the device; nothing else here does.
      if (++step === trainLoader.length) last = await out.loss.item();
    } finally {
      out.dispose();
    }
  }
  return last;
}

/** Entity scores of the validation sentences: the tags of labelled pieces, gold and predicted. */
async function evaluate() {
  model.eval();
  const gold = [];
  const predicted = [];
  for await (const batch of validationLoader) {
    const out = await model.forward(batch);
    const best = await out.logits.argmax();
    try {
      const ids = await best.toTypedArray();
      const [rows, width] = batch.shape;
      for (let row = 0; row < rows; row++) {
        const labelled = [];
        for (let i = row * width; i < (row + 1) * width; i++) if (batch.labels[i] !== -100) labelled.push(i);
        gold.push(labelled.map((i) => data.labels[batch.labels[i]]));
        predicted.push(labelled.map((i) => data.labels[ids[i]]));
      }
    } finally {
      best.dispose();
      out.dispose();
    }
  }
  return evaluateEntities(gold, predicted);
}
