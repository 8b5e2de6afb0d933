/**
 * A tiny BERT trained for many steps on batches of ever other shapes, and the resident memory on the way, without V8's
 * young generation: one JSON line for each measurement.
 *
 *     node --expose-gc test/faults/training_memory.mjs trainer|loop fast|reference STEPS EVERY FOLDER
 */
import { getHeapSpaceStatistics } from "node:v8";
import {
  AdamW,
  AutoModelForTokenClassification,
  DataCollatorForTokenClassification,
  DataLoader,
  Dataset,
  getScheduler,
  setNumThreads,
  setSeed,
  Trainer,
  TrainingArguments,
} from "torchner";

const [way, numerics, ...rest] = process.argv.slice(2);
const [steps, every] = rest.slice(0, 2).map(Number);
const [, , outputDir] = rest;

const labels = ["O", "B-X", "I-X"];
const config = {
  ...{ model_type: "bert", vocab_size: 60, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ intermediate_size: 64, max_position_embeddings: 64 },
};

/** 3 to 62 pieces long: hardly two batches of a shuffled epoch have the same shape. */
function sentence(_, index) {
  const words = 1 + ((index * index * 7 + index) % 60);
  const inputIds = Int32Array.from({ length: words + 2 }, (_, i) => 1 + ((i * 17 + index) % 59));
  const wordLabels = Int32Array.from({ length: words }, (_, i) => (i + index) % labels.length);
  return {
    inputIds,
    tokenTypeIds: new Int32Array(inputIds.length),
    attentionMask: new Int32Array(inputIds.length).fill(1),
    labels: Int32Array.of(-100, ...wordLabels, -100),
    wordIds: Int32Array.of(-1, ...wordLabels.keys(), -1),
    wordLabels,
  };
}

/** V8 gives its young generation, up to 32 MB, back or keeps it as it likes: it would hide what grows. */
async function measure(step) {
  // What a turn of the event loop frees has to be freed before it can be collected.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  const bytes = process.memoryUsage.rss() - young.physical_space_size;
  console.log(JSON.stringify({ step, megabytes: bytes / 2 ** 20 }));
}

/** With logs, evaluations and checkpoints on the way. */
async function withTrainer(model, dataset, dataCollator) {
  const args = new TrainingArguments({
    ...{ outputDir, maxSteps: steps, perDeviceTrainBatchSize: 8, learningRate: 1e-4, disableTqdm: true },
    ...{ loggingSteps: 10, evalStrategy: "steps", evalSteps: every, saveSteps: every, saveTotalLimit: 2 },
  });
  const callback = {
    async onStepEnd(_args, { globalStep }) {
      if (globalStep % every === 0) await measure(globalStep);
    },
  };
  const trainer = new Trainer({
    ...{ model, args, dataCollator, trainDataset: dataset, evalDataset: dataset.slice(0, 50) },
    ...{ callbacks: [callback], log() {} },
  });
  await trainer.train();
}

/** As examples/conll_manual_loop.mjs, with gradients clipped. */
async function byHand(model, dataset, collator) {
  const loader = new DataLoader(dataset, { batchSize: 8, shuffle: true, collator });
  const optimizer = new AdamW(model, { lr: 1e-4 });
  const scheduler = getScheduler("linear", { optimizer, numWarmupSteps: 0, numTrainingSteps: steps });
  model.train();
  for (let step = 0; step < steps; ) {
    for await (const batch of loader) {
      const out = await model.forward(batch);
      await out.loss.backward();
      const norm = await optimizer.clipGradNorm(1);
      await optimizer.step();
      scheduler.step();
      await optimizer.zeroGrad();
      if (!Number.isFinite((await out.loss.item()) + (await norm.item()))) throw new Error("not finite");
      norm.dispose();
      out.dispose();
      if (++step % every === 0) await measure(step);
      if (step === steps) break;
    }
  }
  optimizer.dispose();
}

await setNumThreads(1);
await setSeed(3);
const model = await AutoModelForTokenClassification.fromConfig(config, { labels, numerics });
const collator = new DataCollatorForTokenClassification({ padTokenId: 0, padTokenTypeId: 0 });
const dataset = new Dataset(Array.from({ length: 4003 }, sentence));
await (way === "trainer" ? withTrainer : byHand)(model, dataset, collator);
model.dispose();
