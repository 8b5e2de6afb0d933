import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrainerCallback } from "../../lib/callbacks/callback.ts";
import { DataLoader } from "../../lib/data/data_loader.ts";
import { Dataset } from "../../lib/data/dataset.ts";
import { seqeval } from "../../lib/metrics/seqeval.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { drawBaseSeed, setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { getScheduler } from "../../lib/optim/scheduler.ts";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { readManifest } from "../../lib/training/manifest.ts";
import { Trainer } from "../../lib/training/trainer.ts";
import { collator, config, labels, sentences, tinyBert } from "./tiny_task.ts";

const train = sentences(96, 1);
const validation = sentences(32, 2);

let folder: string;
let models: TokenClassificationModel[];
beforeAll(() => setNumThreads(1)); // tiny products: threads would only wait for each other
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-native-trainer-"));
  models = [];
});
afterEach(async () => {
  for (const model of models) model.dispose();
  await rm(folder, { recursive: true });
});

async function tinyModel(): Promise<TokenClassificationModel> {
  const model = await tinyBert();
  models.push(model);
  return model;
}

type Given = ConstructorParameters<typeof TrainingArguments>[0];

async function makeTrainer(given: Given, callbacks: TrainerCallback[] = [], trainDataset = train) {
  const model = await tinyModel();
  const args = new TrainingArguments({
    outputDir: folder,
    learningRate: 5e-3,
    loggingSteps: 1,
    saveStrategy: "no",
    disableTqdm: true,
    ...given,
  });
  const trainer = new Trainer({
    ...{ model, args, callbacks, trainDataset, evalDataset: validation },
    dataCollator: collator,
    computeMetrics: seqeval(labels),
  });
  return { trainer, model };
}

const losses = (trainer: Trainer) =>
  trainer.state.logHistory.filter((row) => "loss" in row).map((row) => Number(row.loss));

async function parameters(model: TokenClassificationModel): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const name of model.parameterNames()) {
    const tensor = await model.getParameter(name);
    values[name] = [...(await tensor.toTypedArray())];
    tensor.dispose();
  }
  return values;
}

describe.each(["fast", "reference"] as const)("in %s numerics", (numerics) => {
  test("a tiny BERT learns its task; evaluating twice gives the same", async () => {
    const { trainer } = await makeTrainer({ numTrainEpochs: 4, numerics, evalStrategy: "epoch" });
    await trainer.train();
    const course = losses(trainer);
    expect(course).toHaveLength(48);
    expect(course.at(-1)!).toBeLessThan(course[0]! / 4);
    const [first, second] = [await trainer.evaluate(), await trainer.evaluate()];
    expect(Number(first.eval_f1)).toBeGreaterThan(0.9);
    for (const name of ["eval_loss", "eval_precision", "eval_recall", "eval_f1", "eval_accuracy"]) {
      expect(second[name]).toBe(first[name]);
    }
  });

  test("the same seed gives the same losses and weights, another seed others", async () => {
    const runs: { course: number[]; weights: Record<string, number[]> }[] = [];
    for (const seed of [42, 42, 43]) {
      const { trainer, model } = await makeTrainer({ maxSteps: 4, numerics, seed });
      await trainer.train();
      runs.push({ course: losses(trainer), weights: await parameters(model) });
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]!.course).not.toEqual(runs[0]!.course);
  });

  test("the loop written by hand gives the Trainer's losses and weights", async () => {
    const { trainer, model } = await makeTrainer({
      maxSteps: 6,
      numerics,
      weightDecay: 0.01,
      warmupSteps: 2,
    });
    await trainer.train();

    const own = await tinyModel();
    own.numerics = numerics;
    await setSeed(42);
    const optimizer = new AdamW(own, { lr: 5e-3, weightDecay: 0.01 });
    const scheduler = getScheduler("linear", { optimizer, numWarmupSteps: 2, numTrainingSteps: 6 });
    const loader = new DataLoader(train, { batchSize: 8, shuffle: true, seed: 42, collator });
    const course: number[] = [];
    await drawBaseSeed();
    own.train();
    for await (const batch of loader) {
      const out = await own.forward(batch);
      await out.loss!.backward();
      (await optimizer.clipGradNorm(1)).dispose();
      await optimizer.step();
      scheduler.step();
      await optimizer.zeroGrad();
      course.push(await out.loss!.item());
      out.dispose();
      if (course.length === 6) break;
    }
    optimizer.dispose();
    expect(course).toEqual(losses(trainer));
    expect(await parameters(own)).toEqual(await parameters(model));
  });
});

test("4 batches of 4 make the update that 1 batch of 16 makes", async () => {
  const weights: Record<string, number[]>[] = [];
  for (const [batch, accumulation] of [
    [16, 1],
    [4, 4],
  ] as const) {
    const model = await AutoModelForTokenClassification.fromConfig(
      { ...config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
      { labels },
    );
    models.push(model);
    await model.loadWeights(await savedWeights());
    const args = new TrainingArguments({
      outputDir: folder,
      ...{ perDeviceTrainBatchSize: batch, gradientAccumulationSteps: accumulation, maxSteps: 2 },
      ...{ learningRate: 1e-3, adamEpsilon: 1e-3, saveStrategy: "no", loggingSteps: 1, disableTqdm: true },
    });
    await new Trainer({ model, args, trainDataset: train, dataCollator: collator }).train();
    weights.push(await parameters(model));
  }
  for (const [name, values] of Object.entries(weights[0]!)) {
    for (const [i, value] of values.entries()) expect(weights[1]![name]![i]!).toBeCloseTo(value, 5);
  }
});

async function savedWeights(): Promise<string> {
  const start = join(folder, "start");
  await (await tinyModel()).savePretrained(start);
  return start;
}

test("a checkpoint's weights are the model's at its step, and load again", async () => {
  const atSave: Record<string, number[]>[] = [];
  const look: TrainerCallback = {
    onSave: async (_args, _state, _control, { model }) => void atSave.push(await parameters(model)),
  };
  const { trainer, model } = await makeTrainer({ maxSteps: 4, saveStrategy: "steps", saveSteps: 2 }, [look]);
  await trainer.train();
  expect((await readdir(folder)).sort()).toEqual(["checkpoint-2", "checkpoint-4", "trainer_state.json"]);
  const manifest = (await readManifest(join(folder, "checkpoint-2")))!;
  expect(Object.keys(manifest.files)).toEqual(
    expect.arrayContaining(["config.json", "model.safetensors", "optimizer.safetensors", "rng_state.bin"]),
  );
  await model.loadWeights(join(folder, "checkpoint-2"));
  expect(await parameters(model)).toEqual(atSave[0]);
  const restored = await AutoModelForTokenClassification.fromPretrained(join(folder, "checkpoint-4"));
  models.push(restored);
  expect(restored.labels).toEqual(labels);
  expect(await parameters(restored)).toEqual(atSave[1]);
});

test("the best checkpoint is loaded at the end", async () => {
  const { trainer, model } = await makeTrainer({
    numTrainEpochs: 3,
    ...{ evalStrategy: "epoch", saveStrategy: "epoch", loadBestModelAtEnd: true, saveTotalLimit: 1 },
    metricForBestModel: "f1",
  });
  await trainer.train();
  const best = await AutoModelForTokenClassification.fromPretrained(trainer.state.bestModelCheckpoint!);
  models.push(best);
  expect(await parameters(model)).toEqual(await parameters(best));
  expect((await trainer.evaluate()).eval_f1).toBe(trainer.state.bestMetric);
  const state = JSON.parse(await readFile(join(folder, "trainer_state.json"), "utf8"));
  expect(state.best_metric).toBe(trainer.state.bestMetric);
});

test("predictions are the label ids of the highest logits", async () => {
  const { trainer } = await makeTrainer({ maxSteps: 1 });
  const ids = await trainer.predict(validation);
  const logits = await trainer.predict(validation, { returnLogits: true });
  expect(logits.shape).toEqual([...ids.shape, labels.length]);
  expect(ids.labelIds).toEqual(logits.labelIds);
  for (const [i, id] of ids.predictions.entries()) {
    const row = [...logits.predictions.subarray(i * labels.length, (i + 1) * labels.length)];
    expect(id).toBe(row[0] === -100 ? -100 : row.indexOf(Math.max(...row)));
  }
  expect(ids.metrics).toMatchObject({ test_f1: expect.any(Number), test_skipped_words: 0 });
});

test("grouping by length changes the batches of an evaluation, not the places of its predictions", async () => {
  const { trainer } = await makeTrainer({ perDeviceEvalBatchSize: 2, numerics: "reference" });
  const { trainer: grouped } = await makeTrainer({
    ...{ perDeviceEvalBatchSize: 2, numerics: "reference", groupByLength: true },
  });
  const [plain, other] = [await trainer.predict(validation), await grouped.predict(validation)];
  expect(other.labelIds).toEqual(plain.labelIds);
  const labelled = (found: typeof plain) => found.predictions.filter((_, i) => found.labelIds[i] !== -100);
  expect(labelled(other)).toEqual(labelled(plain));
  expect(other.metrics.test_loss).not.toBe(plain.metrics.test_loss);
});

test("a sentence over the model's positions is refused before the first step", async () => {
  const row = train.at(0);
  const inputIds = new Int32Array(33).fill(5);
  const long = new Dataset([...train.toArray(), { ...row, inputIds }]);
  const args = new TrainingArguments({ outputDir: folder, disableTqdm: true });
  const trainer = new Trainer({ model: await tinyModel(), args, trainDataset: long, dataCollator: collator });
  const message = `row ${train.length} of trainDataset has 33 pieces and the model takes 32; `;
  await expect(trainer.train()).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining(message),
  });
  await expect(trainer.predict(long)).rejects.toMatchObject({ code: "EARG" });
  expect(trainer.state.globalStep).toBe(0);
});

test("windows of a sentence are predicted as one row; reference numerics cut it, as Hugging Face does", async () => {
  const wordLabels = Int32Array.of(0, 1, 0);
  const [cls, sep] = [1, 2];
  const row = (ids: number[], words: number[]) => ({
    inputIds: Int32Array.from([cls, ...ids, sep]),
    tokenTypeIds: new Int32Array(ids.length + 2),
    attentionMask: new Int32Array(ids.length + 2).fill(1),
    labels: Int32Array.from([-100, ...words.map((word) => (word < 0 ? -100 : wordLabels[word]!)), -100]),
    wordIds: Int32Array.from([-1, ...words, -1]),
    wordLabels,
  });
  const truncated = row([5, 8], [0, 1]);
  const windows = new Dataset([
    { ...row([5, 8], [0, 1]), window: { index: 0, truncated } },
    { ...row([8, 9], [-1, 2]), window: { index: 1 } },
    validation.at(0),
  ]);
  const { trainer } = await makeTrainer({});
  const whole = await trainer.predict(windows);
  expect([whole.shape[0], [...whole.labelIds].slice(0, 4)]).toEqual([2, [0, 1, 0, -100]]);
  expect(whole.metrics.test_skipped_words).toBe(0);
  const { trainer: reference } = await makeTrainer({ numerics: "reference" });
  const cut = await reference.predict(windows);
  expect([cut.shape[0], [...cut.labelIds].slice(0, 5)]).toEqual([2, [-100, 0, 1, -100, -100]]);
  expect(cut.metrics.test_skipped_words).toBe(1);
});

test("a run that is stopped leaves a model that can be used", async () => {
  const stop = new AbortController();
  const abort: TrainerCallback = { onStepEnd: () => stop.abort() };
  const { trainer } = await makeTrainer({ numTrainEpochs: 1 }, [abort]);
  await expect(trainer.train({ signal: stop.signal })).rejects.toMatchObject({ code: "EABORT" });
  expect(await trainer.evaluate()).toMatchObject({ eval_loss: expect.any(Number) });
});

test("training and evaluation leave the model's mode as its user has set it", async () => {
  const { trainer, model } = await makeTrainer({ maxSteps: 2, evalStrategy: "steps", evalSteps: 1 });
  model.eval();
  await trainer.train();
  expect(model.training).toBe(false);
  model.train();
  await trainer.evaluate();
  expect(model.training).toBe(true);
});

test("sentences without a label train nothing and end no run", async () => {
  const unlabelled = Array.from({ length: 8 }, (_, i) => {
    const example = train.at(i);
    return { ...example, labels: new Int32Array(example.inputIds.length).fill(-100) };
  });
  const { trainer } = await makeTrainer(
    { maxSteps: 4, perDeviceTrainBatchSize: 2 },
    [],
    new Dataset(unlabelled),
  );
  await expect(trainer.train()).resolves.toMatchObject({ globalStep: 4 });
});

test("between the pieces of a metric the event loop has its turn", async () => {
  let turns = 0;
  const seen: number[] = [];
  const metric = Object.assign(() => ({ pieces: 0 }), {
    *inPieces() {
      for (let piece = 0; piece < 3; piece++) {
        seen.push(turns);
        yield;
      }
      return { pieces: 3 };
    },
  });
  const trainer = new Trainer({
    ...{ model: await tinyModel(), args: new TrainingArguments({ disableTqdm: true }) },
    ...{ evalDataset: validation, dataCollator: collator, computeMetrics: metric },
  });
  let counting = setImmediate(function count() {
    turns++;
    counting = setImmediate(count);
  });
  try {
    expect(await trainer.evaluate()).toMatchObject({ eval_pieces: 3 });
  } finally {
    clearImmediate(counting);
  }
  expect(seen[1]).toBeGreaterThan(seen[0]!);
  expect(seen[2]).toBeGreaterThan(seen[1]!);
});

test.each([
  ["an async generator", Object.assign(() => ({}), { async *inPieces() {} })],
  ["an async function", Object.assign(() => ({}), { inPieces: async () => ({}) })],
  ["a function without a result", Object.assign(() => ({}), { inPieces() {} })],
])("%s is refused as a metric's pieces", async (_what, computeMetrics) => {
  const options = {
    ...{ model: await tinyModel(), args: new TrainingArguments({ disableTqdm: true }), computeMetrics },
    ...{ evalDataset: validation, dataCollator: collator },
  } as unknown as ConstructorParameters<typeof Trainer>[0];
  await expect(new Trainer(options).evaluate()).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("inPieces must be a generator"),
  });
});

test("a metric whose inPieces is no function is refused at once", async () => {
  const computeMetrics = Object.assign(() => ({}), { inPieces: true });
  const options = { model: await tinyModel(), computeMetrics } as unknown;
  expect(() => new Trainer(options as ConstructorParameters<typeof Trainer>[0])).toThrow(
    /inPieces.*must be a function/,
  );
});
