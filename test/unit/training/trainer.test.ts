import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";
import type { TrainerCallback } from "../../../lib/callbacks/callback.ts";
import { earlyStopping } from "../../../lib/callbacks/early_stopping.ts";
import { DataCollatorForTokenClassification } from "../../../lib/data/collator.ts";
import { Dataset } from "../../../lib/data/dataset.ts";
import type { TokenClassificationModel } from "../../../lib/model/model.ts";
import { TorchnerError } from "../../../lib/native/errors.ts";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { listCheckpoints } from "../../../lib/training/checkpoint.ts";
import { RUN_LOCK } from "../../../lib/training/run_lock.ts";
import { stateToJson } from "../../../lib/training/state.ts";
import { safetensorsBytes } from "../../support/safetensors.ts";
import { FakeModel, FakeOptimizer, type FakeOptions, Recorder, sentence } from "./fakes.ts";

let recorder: Recorder;
jest.unstable_mockModule("../../../lib/model/runtime.ts", () => ({
  setSeed: async (seed: number) => recorder.note(`seed ${seed}`),
  drawBaseSeed: async () => recorder.note("draw"),
  setNumThreads: async (threads: number) => recorder.note(`threads ${threads}`),
  runtimeInfo: async () => ({ torchVersion: "2.13.0" }),
  getRngState: async () => Uint8Array.of(1),
  setRngState: async () => undefined,
  randomPermutation: async (n: number) => Int32Array.from({ length: n }, (_, i) => i),
}));
jest.unstable_mockModule("../../../lib/optim/adamw.ts", () => ({ AdamW: FakeOptimizer }));
const { Trainer } = await import("../../../lib/training/trainer.ts");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-trainer-"));
  recorder = new Recorder();
  FakeOptimizer.recorder = recorder;
});
afterEach(async () => {
  expect(recorder.alive).toBe(0); // every tensor was disposed, whatever the test did
  await rm(folder, { recursive: true });
});

type Given = ConstructorParameters<typeof TrainingArguments>[0];
type Options = Partial<ConstructorParameters<typeof Trainer>[0]>;

const sentences = (count: number) => new Dataset(Array.from({ length: count }, (_, i) => sentence(i + 1)));
const collator = new DataCollatorForTokenClassification({ padTokenId: 0, padTokenTypeId: 0 });

/** The class has private parts that only libtorch could fill; training uses the public ones. */
const asModel = (fake: FakeModel) => fake as unknown as TokenClassificationModel;

/** Ten sentences in batches of two, so five updates an epoch; nothing is logged, evaluated or saved unless asked. */
function makeTrainer(given: Given, options: Options = {}, fake: FakeOptions = {}) {
  const args = new TrainingArguments({
    outputDir: folder,
    perDeviceTrainBatchSize: 2,
    loggingStrategy: "no",
    saveStrategy: "no",
    disableTqdm: true,
    ...given,
  });
  const model = new FakeModel(recorder, fake);
  const trainer = new Trainer({
    ...{ model: asModel(model), args, dataCollator: collator },
    trainDataset: sentences(10),
    evalDataset: sentences(4),
    computeMetrics: () => ({ f1: 0.5 }),
    ...options,
  });
  return { trainer, model };
}

/** A callback that writes down each event with the step at which it comes. */
function listener(): { events: string[]; callback: TrainerCallback } {
  const events: string[] = [];
  const callback = new Proxy({} as TrainerCallback, {
    get: (_target, name) => {
      if (typeof name !== "string" || !name.startsWith("on")) return undefined;
      return (_args: unknown, state: { globalStep: number }) => {
        events.push(`${name} ${state.globalStep}`);
        recorder.note(name);
      };
    },
  });
  return { events, callback };
}

describe("the order of a run", () => {
  test("seeds, draws and calls come as in Hugging Face's Trainer", async () => {
    const { callback } = listener();
    const { trainer } = makeTrainer(
      { maxSteps: 1, evalStrategy: "steps", loggingFirstStep: true, threads: 2, learningRate: 1 },
      { callbacks: [callback] },
    );
    await trainer.train();
    const forward = recorder.calls.find((call) => call.startsWith("forward"));
    expect(recorder.calls).toEqual([
      ...["threads 2", "seed 42", "zeroGrad", "onTrainBegin", "onEpochBegin", "draw", "onStepBegin"],
      ...[forward, "backward", "clip 1", "onPreOptimizerStep", "step 1", "onOptimizerStep", "zeroGrad"],
      ...["onStepEnd", "onLog"],
      ...["draw", "predict 0,1,0,0,2,0,0,3,0,0,4,0", "onPredictionStep", "onLog", "onEvaluate"],
      ...["onEpochEnd", "onLog", "onTrainEnd"],
    ]);
  });

  test("events of 1.5 epochs with evaluation and saving every 3 updates equal transformers'", async () => {
    const { events, callback } = listener();
    const { trainer } = makeTrainer(
      {
        numTrainEpochs: 1.5,
        ...{ evalStrategy: "steps", evalSteps: 3, saveStrategy: "steps", saveSteps: 3 },
        ...{ loggingStrategy: "steps", loggingSteps: 2 },
      },
      { callbacks: [callback] },
    );
    await trainer.train();
    const update = (step: number) =>
      ["onStepBegin", "onPreOptimizerStep", "onOptimizerStep"].map((name) => `${name} ${step - 1}`);
    const at = (step: number, ...names: string[]) => names.map((name) => `on${name} ${step}`);
    const evaluated = ["PredictionStep", "Log", "Evaluate", "Save"];
    expect(events).toEqual([
      ...at(0, "TrainBegin", "EpochBegin"),
      ...[...update(1), ...at(1, "StepEnd")],
      ...[...update(2), ...at(2, "StepEnd", "Log")],
      ...[...update(3), ...at(3, "StepEnd", ...evaluated)],
      ...[...update(4), ...at(4, "StepEnd", "Log")],
      ...[...update(5), ...at(5, "StepEnd", "EpochEnd", "EpochBegin")],
      ...[...update(6), ...at(6, "StepEnd", "Log", ...evaluated)],
      ...[...update(7), ...at(7, "StepEnd")],
      ...[...update(8), ...at(8, "StepEnd", "Log", ...evaluated)],
      ...at(8, "EpochEnd", "Log", "TrainEnd"),
    ]);
  });

  test("every epoch reads all sentences once, in an order of its own", async () => {
    const { trainer } = makeTrainer({ numTrainEpochs: 2, perDeviceTrainBatchSize: 10 });
    await trainer.train();
    const orders = recorder.calls.filter((call) => call.startsWith("forward"));
    const sorted = orders.map((call) =>
      call
        .match(/\d+/g)!
        .map(Number)
        .sort((a, b) => a - b),
    );
    expect(orders[0]).not.toBe(orders[1]);
    expect(sorted[0]).toEqual(sorted[1]);
    expect(recorder.calls.filter((call) => call === "draw")).toHaveLength(2);
  });
});

describe("when a run evaluates and saves", () => {
  const steps = (trainer: { state: { logHistory: Record<string, unknown>[] } }) =>
    trainer.state.logHistory.filter((row) => "eval_loss" in row).map((row) => row.step);

  test.each([
    ["steps", [2, 4, 5]],
    ["epoch", [5]],
    ["no", []],
  ] as const)("strategy %s: at updates %j of 5", async (strategy, expected) => {
    const given = {
      numTrainEpochs: 1,
      evalSteps: 2,
      saveSteps: 2,
      evalStrategy: strategy,
      saveStrategy: strategy,
    };
    const { trainer } = makeTrainer(given);
    await trainer.train();
    expect(steps(trainer)).toEqual(expected);
    const saved = (await readdir(folder)).filter((name) => name.startsWith("checkpoint-"));
    expect(saved).toEqual(expected.map((step) => `checkpoint-${step}`));
  });

  test("an epoch that maxSteps cuts short is evaluated at its end, once", async () => {
    const { trainer } = makeTrainer({ maxSteps: 7, evalStrategy: "epoch" });
    await trainer.train();
    expect(steps(trainer)).toEqual([5, 7]);
  });

  test("a callback can ask for an evaluation, a save and a stop", async () => {
    const wish: TrainerCallback = {
      onStepEnd(_args, state, control) {
        if (state.globalStep !== 3) return;
        Object.assign(control, { shouldEvaluate: true, shouldSave: true, shouldTrainingStop: true });
      },
    };
    const { trainer } = makeTrainer({}, { callbacks: [wish] });
    expect(await trainer.train()).toMatchObject({ globalStep: 3 });
    expect(steps(trainer)).toEqual([3]);
    expect(await readdir(folder)).toContain("checkpoint-3");
  });
});

describe("the log", () => {
  test("has the rows, rates and epochs of the same run in transformers", async () => {
    const losses = [0.5, 0.25, 1, 2, 4, 8, 16, 32];
    const { trainer } = makeTrainer(
      { numTrainEpochs: 1.5, loggingStrategy: "steps", loggingSteps: 2 },
      {},
      { trainLoss: (call) => losses[call]! },
    );
    const output = await trainer.train();
    const { train_runtime, train_samples_per_second, train_steps_per_second, ...summary } =
      trainer.state.logHistory.at(-1)!;
    expect(trainer.state.logHistory.slice(0, -1)).toEqual([
      { loss: 0.375, grad_norm: 1.5, learning_rate: 4.375e-5, epoch: 0.4, step: 2 },
      { loss: 1.5, grad_norm: 1.5, learning_rate: 3.125e-5, epoch: 0.8, step: 4 },
      { loss: 6, grad_norm: 1.5, learning_rate: 1.8750000000000002e-5, epoch: 1.2, step: 6 },
      { loss: 24, grad_norm: 1.5, learning_rate: 6.25e-6, epoch: 1.6, step: 8 },
    ]);
    // 6 operations x 10 parameters x 2 sentences of 3 pieces x 8 updates
    expect(summary).toEqual({ train_loss: 63.75 / 8, total_flos: 2880, epoch: 1.6, step: 8 });
    for (const value of [train_runtime, train_samples_per_second, train_steps_per_second]) {
      expect(value).toEqual(expect.any(Number));
    }
    expect(output).toMatchObject({ globalStep: 8, trainingLoss: 63.75 / 8 });
  });

  test("grad_norm is there when gradients are not clipped", async () => {
    const { trainer } = makeTrainer({ maxSteps: 1, maxGradNorm: 0, loggingFirstStep: true });
    await trainer.train();
    expect(recorder.calls).toContain("clip 3.4028234663852886e+38");
    expect(trainer.state.logHistory[0]).toMatchObject({ grad_norm: 1.5 });
  });

  test("trainer_state.json of the output folder is the state at the end", async () => {
    const { trainer } = makeTrainer({ maxSteps: 2, loggingStrategy: "epoch" });
    await trainer.train();
    expect(await readFile(join(folder, "trainer_state.json"), "utf8")).toBe(stateToJson(trainer.state));
  });
});

test("warmup given as a ratio is rounded up to whole updates", async () => {
  const { trainer } = makeTrainer({ numTrainEpochs: 1, warmupRatio: 0.3, learningRate: 1 }); // 1.5 of 5: 2
  await trainer.train();
  const rates = recorder.calls
    .filter((call) => call.startsWith("step "))
    .map((call) => Number(call.slice(5)));
  expect(rates).toEqual([0, 0.5, 1, 2 / 3, 1 / 3]);
});

describe("gradient accumulation", () => {
  test("weighs each batch by its share of the update's label tokens", async () => {
    const trainDataset = new Dataset([sentence(1, 2, 3), sentence(4), sentence(5), sentence(7)]);
    const { trainer } = makeTrainer(
      { numTrainEpochs: 1, perDeviceTrainBatchSize: 1, gradientAccumulationSteps: 2, seed: 1 },
      { trainDataset },
    );
    await trainer.train();
    const weights = recorder.calls
      .filter((call) => call.startsWith("div"))
      .map((call) => 1 / Number(call.slice(4)));
    expect(weights.toSorted()).toEqual([0.25, 0.5, 0.5, 0.75]);
    expect(weights[0]! + weights[1]!).toBeCloseTo(1, 15);
    expect(trainer.state.globalStep).toBe(2);
  });

  test("a batch alone in its update keeps its loss untouched", async () => {
    const { trainer } = makeTrainer({ numTrainEpochs: 1, gradientAccumulationSteps: 2 });
    await trainer.train();
    const counts = { forward: 0, div: 0, step: 0 };
    for (const call of recorder.calls) counts[call.split(" ")[0] as keyof typeof counts]++;
    expect(counts).toMatchObject({ forward: 5, div: 4, step: 3 });
  });
});

describe("the best model", () => {
  const evalLosses = [0.5, 0.2, 0.4, 0.2];
  const best = { evalStrategy: "epoch", saveStrategy: "epoch", loadBestModelAtEnd: true } as const;

  test("is the first of the lowest losses, loaded at the end, and kept by the rotation", async () => {
    const given = { ...best, numTrainEpochs: 4, saveTotalLimit: 1 };
    const { trainer, model } = makeTrainer(given, {}, { evalLoss: (call) => evalLosses[call]! });
    await trainer.train();
    expect(trainer.state).toMatchObject({
      bestMetric: Math.fround(0.2),
      bestGlobalStep: 10,
      bestModelCheckpoint: join(folder, "checkpoint-10"),
    });
    expect(model.loadedFrom).toEqual([join(folder, "checkpoint-10")]);
    await trainer.createModelCard();
    const card = await readFile(join(folder, "README.md"), "utf8");
    expect(card).toMatch(/On the evaluation set, after step 10:\n(\n|- .*\n)*- Loss: 0\.2000\n/);
    await rm(join(folder, "README.md"));
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-10", "trainer_state.json"]);
  });

  test("during training a limit of 1 keeps the newest and the best", async () => {
    const seen: string[][] = [];
    const saved = async () => (await readdir(folder)).filter((name) => name !== RUN_LOCK).sort();
    const look: TrainerCallback = { onSave: async () => void seen.push(await saved()) };
    const given = { ...best, numTrainEpochs: 3, saveTotalLimit: 1 };
    const { trainer } = makeTrainer(given, { callbacks: [look] }, { evalLoss: (call) => evalLosses[call]! });
    await trainer.train();
    expect(seen).toEqual([["checkpoint-5"], ["checkpoint-10"], ["checkpoint-10", "checkpoint-15"]]);
  });

  test("an evaluation at a step that is not saved can be better; everything tells of the model that is kept", async () => {
    const given = {
      ...best,
      evalStrategy: "steps",
      evalSteps: 5,
      saveStrategy: "steps",
      saveSteps: 10,
    } as const;
    const losses = [0.5, 0.4, 0.2, 0.6];
    const notes: string[] = [];
    const log = (line: string) => void notes.push(line);
    const { trainer, model } = makeTrainer(
      { ...given, numTrainEpochs: 4 },
      { log },
      { evalLoss: (call) => losses[call]! },
    );
    await trainer.train();
    expect(trainer.state.bestGlobalStep).toBe(15);
    expect(model.loadedFrom).toEqual([join(folder, "checkpoint-10")]);
    expect(notes).toEqual([expect.stringMatching(/at step 15, was not saved: .* best checkpoint, step 10/)]);
    await trainer.createModelCard();
    expect(await readFile(join(folder, "README.md"), "utf8")).toMatch(
      /after step 10:\n(\n|- .*\n)*- Loss: 0\.4000\n/,
    );
  });

  test("another run's checkpoint of the best step is not this one's best", async () => {
    const saving = { saveStrategy: "steps", saveSteps: 5, numTrainEpochs: 1 } as const;
    await makeTrainer(saving).trainer.train();
    const given = {
      ...best,
      evalStrategy: "steps",
      evalSteps: 5,
      saveStrategy: "steps",
      saveSteps: 10,
    } as const;
    const losses = [0.2, 0.5, 0.5];
    const { trainer, model } = makeTrainer(given, { log: () => {} }, { evalLoss: (call) => losses[call]! });
    await trainer.train();
    expect(trainer.state).toMatchObject({ bestGlobalStep: 5, bestModelCheckpoint: null });
    expect(model.loadedFrom).toEqual([]);
  });

  test("the arguments can name a metric that the evaluation does not give", async () => {
    const { trainer } = makeTrainer({ ...best, metricForBestModel: "f2" });
    await expect(trainer.train()).rejects.toMatchObject({
      code: "EARG",
      message: expect.stringContaining("eval_f1"),
    });
  });

  test("early stopping ends the run after evaluations without improvement", async () => {
    const given = { ...best, numTrainEpochs: 10 };
    const losses = [5, 4, 3, 3, 3, 1];
    const { trainer } = makeTrainer(
      given,
      { callbacks: [earlyStopping({ patience: 2 })] },
      { evalLoss: (call) => losses[call]! },
    );
    await trainer.train();
    expect(trainer.state.epoch).toBe(5);
    const state = JSON.parse(await readFile(join(folder, "checkpoint-25", "trainer_state.json"), "utf8"));
    expect(state.stateful_callbacks.EarlyStoppingCallback).toEqual({
      args: { early_stopping_patience: 2, early_stopping_threshold: 0 },
      attributes: { early_stopping_patience_counter: 2 },
    });
  });
});

describe("evaluate", () => {
  test("weighs each batch's loss by its sentences, and logs a row with the prefix", async () => {
    const { trainer } = makeTrainer(
      { perDeviceEvalBatchSize: 3 },
      {},
      { evalLoss: (call) => [1, 5][call % 2]! }, // three sentences, then one
    );
    const metrics = await trainer.evaluate();
    expect(metrics).toMatchObject({ eval_loss: 2, eval_f1: 0.5, eval_skipped_words: 0, epoch: 0 });
    expect(Object.keys(metrics)).toEqual(
      expect.arrayContaining(["eval_runtime", "eval_samples_per_second", "eval_steps_per_second"]),
    );
    expect(trainer.state.logHistory).toEqual([{ ...metrics, step: 0 }]);
    expect(await trainer.evaluate(sentences(1), undefined, "dev")).toHaveProperty("dev_f1", 0.5);
  });

  test("leaves out losses that are not finite", async () => {
    const losses = [Number.NaN, 2];
    const { trainer } = makeTrainer({ perDeviceEvalBatchSize: 2 }, {}, { evalLoss: (call) => losses[call]! });
    expect(await trainer.evaluate()).toMatchObject({ eval_loss: 2 });
  });

  test("words with no pieces count as outside; in reference numerics they are left out and still counted", async () => {
    const cut = { ...sentence(1, 2), wordLabels: Int32Array.of(1, 2, 1) }; // a third word, cut off
    const seen: number[][] = [];
    const options: Options = {
      evalDataset: new Dataset([cut]),
      computeMetrics: ({ predictions, labelIds }) => {
        seen.push([...predictions], [...labelIds]);
        return {};
      },
    };
    const fast = makeTrainer({}, options).trainer;
    expect(await fast.evaluate()).toMatchObject({ eval_skipped_words: 1 });
    const reference = makeTrainer({ numerics: "reference" }, options).trainer;
    expect(await reference.evaluate()).toMatchObject({ eval_skipped_words: 1 });
    expect(seen).toEqual([
      [0, 1, 2, 0, 0],
      [-100, 1, 2, -100, 1],
      [0, 1, 2, 0],
      [-100, 1, 2, -100],
    ]);
    const lossOnly = makeTrainer({}, { ...options, computeMetrics: undefined }).trainer;
    expect(await lossOnly.evaluate()).toMatchObject({ eval_skipped_words: 1 });
    const whole = makeTrainer({ numerics: "reference" }).trainer;
    expect(await whole.evaluate()).not.toHaveProperty("eval_skipped_words");
  });

  test.each([[undefined], [sentences(0)]])("needs sentences", async (evalDataset) => {
    const { trainer } = makeTrainer({}, { evalDataset });
    await expect(trainer.evaluate()).rejects.toMatchObject({
      code: "EARG",
      message: expect.stringContaining("evalDataset"),
    });
  });

  test("a metric that is no number is refused by name", async () => {
    const { trainer } = makeTrainer({}, { computeMetrics: () => ({ table: {} }) });
    await expect(trainer.evaluate()).rejects.toMatchObject({
      code: "EARG",
      message: /table must be a number/,
    });
  });
});

describe("predict", () => {
  const mixed = new Dataset([sentence(1, 2, 3), sentence(4), sentence(5, 6)]);

  test("gives label ids padded to the widest batch, and logs nothing", async () => {
    const { trainer } = makeTrainer({ perDeviceEvalBatchSize: 2 });
    const found = await trainer.predict(mixed);
    expect(found.shape).toEqual([3, 5]);
    expect(found.predictions).toBeInstanceOf(Int32Array);
    expect([...found.predictions]).toEqual([0, 1, 2, 0, 0, /**/ 0, 1, 0, 0, 0, /**/ 0, 2, 0, 0, -100]);
    expect([...found.labelIds].slice(10)).toEqual([-100, 2, 0, -100, -100]);
    expect(found.metrics).toMatchObject({ test_loss: 1, test_f1: 0.5 });
    expect(trainer.state.logHistory).toEqual([]);
  });

  test("gives logits where they are asked for", async () => {
    const { trainer } = makeTrainer({ perDeviceEvalBatchSize: 2 });
    const found = await trainer.predict(mixed, { returnLogits: true });
    expect(found.shape).toEqual([3, 5, 3]);
    expect(found.predictions).toBeInstanceOf(Float32Array);
    expect([...found.predictions].slice(3, 6)).toEqual([0, 1, 0]);
    expect([...found.predictions].slice(-3)).toEqual([-100, -100, -100]);
  });

  test("has no loss and no metrics of data without labels", async () => {
    const plain = { ...sentence(1), labels: new Int32Array(3).fill(-100), wordLabels: Int32Array.of(-100) };
    const { trainer } = makeTrainer({}, {}, { evalLoss: () => Number.NaN });
    const { metrics } = await trainer.predict(new Dataset([plain]));
    expect(metrics).not.toHaveProperty("test_loss");
    expect(metrics).not.toHaveProperty("test_f1");
  });
});

describe("when something goes wrong", () => {
  test("a signal stops the run, and the Trainer can train again", async () => {
    const stop = new AbortController();
    const abort: TrainerCallback = {
      onStepEnd: (_args, state) => void (state.globalStep === 2 && stop.abort("enough")),
    };
    const { trainer } = makeTrainer({}, { callbacks: [abort] });
    await expect(trainer.train({ signal: stop.signal })).rejects.toMatchObject({
      code: "EABORT",
      cause: "enough",
    });
    expect(trainer.state.globalStep).toBe(2);
    expect(FakeOptimizer.latest.disposed).toBe(true);
    trainer.removeCallback(abort);
    await expect(trainer.train()).resolves.toMatchObject({ globalStep: 15 });
  });

  test("an error in a callback ends the run and reaches the caller; the others hear of it", async () => {
    let heard: unknown;
    const failing: TrainerCallback = {
      onLog: () => Promise.reject(new Error("disk of the logger")),
      onTrainFailed: (_args, _state, _control, { error }) => {
        heard = error;
        throw new Error("a second one");
      },
    };
    const { trainer } = makeTrainer({ loggingFirstStep: true }, { callbacks: [failing] });
    await expect(trainer.train()).rejects.toThrow("disk of the logger");
    expect(heard).toMatchObject({ message: "disk of the logger" });
    expect(FakeOptimizer.latest.disposed).toBe(true);
  });

  test("a loss that stays NaN ends the run", async () => {
    const { trainer } = makeTrainer(
      { loggingStrategy: "steps", loggingSteps: 5 },
      {},
      { trainLoss: () => Number.NaN },
    );
    await expect(trainer.train()).rejects.toMatchObject({
      code: "ENONFINITE",
      message: expect.stringMatching(/The loss was NaN in step 1, .*sentences are example \d.*no checkpoint/),
    });
    const kept = JSON.parse(await readFile(join(folder, "nonfinite_batch.json"), "utf8"));
    expect(kept).toMatchObject({ what: "loss", value: "NaN", step: 1 });
    const { trainDataset } = trainer;
    for (const { sentence, input_ids, labels } of kept.sentences) {
      const row = trainDataset!.at(Number(sentence.replace("example ", "")) - 1)!;
      expect([input_ids, labels]).toEqual([[...row.inputIds], [...row.labels]]);
    }
  });

  test("weights that an update has made infinite end the run before they are saved", async () => {
    const { trainer, model } = makeTrainer({ saveStrategy: "steps", saveSteps: 1, saveTotalLimit: 1 });
    jest.spyOn(model, "savePretrained").mockImplementation(async (into) => {
      const values = Float32Array.of(1, trainer.state.globalStep < 3 ? 2 : Number.POSITIVE_INFINITY);
      const bytes = new Uint8Array(values.buffer);
      const file = safetensorsBytes(new Map([["w", { dtype: "F32", shape: [2], bytes }]]));
      await writeFile(join(into, "model.safetensors"), file);
    });
    await expect(trainer.train()).rejects.toMatchObject({
      code: "ENONFINITE",
      message: expect.stringContaining("Step 3 left weights that are NaN or infinite"),
    });
    expect(await readdir(folder)).toEqual(["checkpoint-2"]);
  });

  test("memory that runs out is an error with the batch, its longest sentence and what to change", async () => {
    const { trainer } = makeTrainer(
      {},
      {},
      {
        trainLoss: () => {
          throw new TorchnerError("EOOM", "out of memory (tried 5 bytes); use a smaller batch.");
        },
      },
    );
    await expect(trainer.train()).rejects.toMatchObject({
      code: "EOOM",
      message: expect.stringMatching(
        /^Step 1: out of memory \(tried 5 bytes\), at a batch of \d+ sentences, the longest \d+ pieces\. Lower .*--per-device-train-batch-size/,
      ),
    });
  });

  test("weights that are NaN are not saved, and no run ends well with them", async () => {
    const notes: string[] = [];
    const given = { saveStrategy: "steps", saveSteps: 1, saveTotalLimit: 1, numTrainEpochs: 1 } as const;
    const { trainer } = makeTrainer(
      given,
      { log: (line) => void notes.push(line) },
      { trainLoss: (call) => (call < 3 ? 1 : Number.NaN) },
    );
    await expect(trainer.train()).rejects.toMatchObject({
      code: "ENONFINITE",
      message: expect.stringMatching(/step 5, left a model without use: its loss/),
    });
    expect(await readdir(folder)).toEqual(["checkpoint-3"]);
    expect(notes).toEqual([
      expect.stringContaining("step 4 is not saved: its loss"),
      expect.stringContaining("step 5 is not saved"),
    ]);
  });

  test("so is a norm of gradients that is infinite while the loss still looks well", async () => {
    const { trainer } = makeTrainer({ saveStrategy: "steps", saveSteps: 1, maxSteps: 2 }, { log: () => {} });
    jest
      .spyOn(FakeOptimizer.prototype, "clipGradNorm")
      .mockImplementation(async () => recorder.tensor(Float32Array.of(Number.POSITIVE_INFINITY)));
    try {
      await expect(trainer.train()).rejects.toMatchObject({ code: "ENONFINITE" });
    } finally {
      jest.restoreAllMocks();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test("memory that runs out late leaves no checkpoint of the batch that was too large", async () => {
    const given = { autoFindBatchSize: true, saveStrategy: "steps", saveSteps: 1, maxSteps: 3 } as const;
    const full = new TorchnerError("EOOM", "no memory");
    const { trainer } = makeTrainer(
      { ...given, perDeviceTrainBatchSize: 5 },
      {
        log: () => {},
        callbacks: [
          {
            onStepEnd: (_args, state) => {
              if (state.trainBatchSize === 5 && state.globalStep === 2) throw full;
            },
          },
        ],
      },
    );
    await trainer.train();
    const manifests = await Promise.all(
      (await listCheckpoints(folder)).map(async ({ path, step, run }) => {
        const state = JSON.parse(await readFile(join(path, "trainer_state.json"), "utf8"));
        return [step, state.train_batch_size, run];
      }),
    );
    expect(manifests.map(([step, size]) => [step, size])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
    ]);
    expect(new Set(manifests.map(([, , run]) => run)).size).toBe(1);
  });

  test("a stop saves a run that can go on, also where only the model is saved", async () => {
    const stop = new AbortController();
    const abort: TrainerCallback = {
      onStepEnd: (_args, { globalStep }) => void (globalStep === 2 && stop.abort()),
    };
    const { trainer } = makeTrainer(
      { saveStrategy: "steps", saveSteps: 1, saveOnlyModel: true },
      { callbacks: [abort] },
    );
    await expect(trainer.train({ signal: stop.signal })).rejects.toMatchObject({ code: "EABORT" });
    expect((await listCheckpoints(folder)).map(({ step, resumable }) => [step, resumable])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  test.each([
    ["train", null],
    ["train", { resumeFromCheckpoint: 5 }],
    ["train", { signal: "stop" }],
    ["train", { force: "yes" }],
    ["predict", null],
    ["predict", { returnLogit: true }],
    ["predict", { returnLogits: "yes" }],
    ["createModelCard", { name: "x" }],
  ] as const)("%s refuses the options %j, and the Trainer stays usable", async (method, options) => {
    const { trainer } = makeTrainer({ maxSteps: 1 });
    const call = {
      train: () => trainer.train(options as object),
      predict: () => trainer.predict(sentences(1), options as object),
      createModelCard: () => trainer.createModelCard(options as object),
    };
    await expect(call[method]()).rejects.toMatchObject({ name: "TorchnerError", code: "EARG" });
    await expect(trainer.train()).resolves.toMatchObject({ globalStep: 1 });
  });

  test.each([[null], [5], ["x"]])("%j in place of an argument is refused", async (value) => {
    const { trainer } = makeTrainer({});
    const wrong = value as never;
    const refused = { name: "TorchnerError", code: "EARG" };
    expect(() => trainer.addCallback(wrong)).toThrow(expect.objectContaining(refused));
    await expect(trainer.evaluate(wrong)).rejects.toMatchObject(refused);
    await expect(trainer.predict(wrong)).rejects.toMatchObject(refused);
    if (typeof value === "string") return;
    await expect(trainer.evaluate(sentences(1), [], wrong)).rejects.toMatchObject(refused);
    await expect(trainer.saveModel(wrong)).rejects.toMatchObject(refused);
  });

  test("training twice at once is refused", async () => {
    const { trainer } = makeTrainer({ maxSteps: 1 });
    const first = trainer.train();
    await expect(trainer.train()).rejects.toMatchObject({ code: "ESTATE" });
    await first;
  });

  test.each([
    ["train_dataset", sentences(1), "did you mean trainDataset?"],
    ["evalDatset", sentences(1), "did you mean evalDataset?"],
    ["trainDataset", Promise.resolve(sentences(1)), "is an await missing?"],
    ["computeMetrics", {}, "a function"],
    ["args", { outputDir: "x" }, "new TrainingArguments"],
    ["callbacks", {}, "an array"],
  ])("the option %s is refused with a hint", (name, value, hint) => {
    const options = { model: asModel(new FakeModel(recorder)), dataCollator: collator, [name]: value };
    expect(() => new Trainer(options)).toThrow(
      expect.objectContaining({ code: "EARG", message: expect.stringContaining(hint) }),
    );
  });

  test("a model on another device than the arguments ask for is refused", () => {
    expect(() => makeTrainer({ device: "cuda:0" })).toThrow(
      expect.objectContaining({ code: "EARG", message: expect.stringContaining("the model is on cpu") }),
    );
  });
});

test("modelInit makes a fresh model after seeding, for every run", async () => {
  const made: FakeModel[] = [];
  const modelInit = () => {
    recorder.note("modelInit");
    made.push(new FakeModel(recorder));
    return asModel(made.at(-1)!);
  };
  const { trainer } = makeTrainer({ maxSteps: 1, bf16: true }, { model: undefined, modelInit });
  await trainer.train();
  expect(recorder.calls.slice(0, 3)).toEqual(["seed 42", "seed 42", "modelInit"]);
  await trainer.train();
  expect(made).toHaveLength(2);
  expect(trainer.model).toBe(made[1]);
  expect(made[1]!.bf16).toBe(true);
});

test("what the arguments do not give stays as the model has it", async () => {
  const model = new FakeModel(recorder);
  Object.assign(model, { bf16: true, labelSmoothing: 0.2, gradientCheckpointing: true });
  makeTrainer({ maxSteps: 1, labelSmoothingFactor: 0.1 }, { model: asModel(model) });
  expect(model).toMatchObject({ bf16: true, labelSmoothing: 0.1, gradientCheckpointing: true });
});

test("saveModel writes model, tokenizer and arguments; the card has the results", async () => {
  const saved: string[] = [];
  const processingClass = { savePretrained: async (to: string) => void saved.push(to) };
  const { trainer } = makeTrainer(
    { maxSteps: 1, evalStrategy: "steps", loggingFirstStep: true },
    { processingClass },
  );
  await trainer.train();
  await trainer.saveModel();
  await trainer.createModelCard({ baseModel: "some/model" });
  expect(saved).toEqual([folder]);
  expect(JSON.parse(await readFile(join(folder, "training_args.json"), "utf8"))).toMatchObject({
    max_steps: 1,
  });
  const card = await readFile(join(folder, "README.md"), "utf8");
  expect(card).toContain("base_model: some/model");
  expect(card).toContain("- libtorch 2.13.0");
  expect(card).toContain("| Training Loss | Epoch | Step | Validation Loss | F1 |");
  expect(card).toContain("| 1 | 0.2000 | 1 | 1 | 0.5000 |");
});
