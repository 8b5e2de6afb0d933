/**
 * A run that was stopped and went on must end with the bits of one that never was: weights, optimizer, log, generator.
 * Stopped here after every update of a short run, which has epochs, an update that is not full, evaluations and logs
 * in its middle.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrainerCallback } from "../../lib/callbacks/callback.ts";
import { seqeval } from "../../lib/metrics/seqeval.ts";
import { getRngState, setNumThreads } from "../../lib/model/runtime.ts";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { Trainer, type TrainOptions } from "../../lib/training/trainer.ts";
import { collator, labels, sentences, tinyBert } from "./tiny_task.ts";

const train = sentences(52, 1); // 7 batches of 8 an epoch, so 4 updates of two; the last has a single, smaller batch
const validation = sentences(10, 2);
const totalUpdates = 10; // 2.5 epochs

type Given = ConstructorParameters<typeof TrainingArguments>[0];

const base: Given = {
  numTrainEpochs: 2.5,
  gradientAccumulationSteps: 2,
  learningRate: 5e-3,
  lrSchedulerType: "cosine",
  warmupSteps: 3,
  weightDecay: 0.01,
  ...{ loggingSteps: 3, evalStrategy: "steps", evalSteps: 4, saveStrategy: "epoch" },
  metricForBestModel: "f1",
  disableTqdm: true,
};

beforeAll(() => setNumThreads(1));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-resume-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Everything that a run leaves, as bytes or text; times are left out. */
interface Trace {
  weights: Buffer;
  checkpoints: Record<string, Buffer>;
  generator: Uint8Array;
  log: unknown[];
  trainLoss: number;
  notes: string[];
}

/** Runs in `outputDir`, in a process-like way: a new model, a new Trainer. */
async function run(
  outputDir: string,
  given: Given,
  options: TrainOptions = {},
  callbacks: TrainerCallback[] = [],
): Promise<Trace> {
  const notes: string[] = [];
  const model = await tinyBert();
  try {
    const trainer = new Trainer({
      ...{ model, callbacks, trainDataset: train, evalDataset: validation, dataCollator: collator },
      args: new TrainingArguments({ ...base, ...given, outputDir }),
      computeMetrics: seqeval(labels),
      log: (line) => notes.push(line),
    });
    const { trainingLoss } = await trainer.train(options);
    const generator = await getRngState();
    await trainer.saveModel(join(outputDir, "final"));
    return {
      weights: await readFile(join(outputDir, "final", "model.safetensors")),
      checkpoints: await optimizerStates(outputDir),
      log: trainer.state.logHistory.map(withoutTimes),
      ...{ generator, notes, trainLoss: trainingLoss },
    };
  } finally {
    model.dispose();
  }
}

const withoutTimes = (row: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !/_(runtime|per_second)$/.test(key)));

async function optimizerStates(outputDir: string): Promise<Record<string, Buffer>> {
  const states: Record<string, Buffer> = {};
  for (const name of await readdir(outputDir)) {
    if (name.startsWith("checkpoint-"))
      states[name] = await readFile(join(outputDir, name, "optimizer.safetensors"));
  }
  return states;
}

/** Aborts at the end of an update, as Ctrl-C does. */
function stopAfter(step: number): { signal: AbortSignal; callback: TrainerCallback } {
  const controller = new AbortController();
  const callback: TrainerCallback = {
    onStepEnd: (_args, state) => void (state.globalStep === step && controller.abort()),
  };
  return { signal: controller.signal, callback };
}

function expectSame(found: Trace, whole: Trace): void {
  expect(found.log).toEqual(whole.log);
  expect(found.trainLoss).toBe(whole.trainLoss);
  expect(found.weights.equals(whole.weights)).toBe(true);
  expect(Buffer.from(found.generator).equals(Buffer.from(whole.generator))).toBe(true);
  for (const [name, state] of Object.entries(whole.checkpoints)) {
    expect(found.checkpoints[name]?.equals(state)).toBe(true);
  }
}

describe.each([
  ["fast", { numerics: "fast" }],
  ["reference", { numerics: "reference" }],
  ["fast, grouped by length", { numerics: "fast", groupByLength: true, evalStrategy: "epoch" }],
] as [string, Given][])("in %s numerics", (_, given) => {
  test("a run stopped after any update ends as one that never was", async () => {
    const whole = await run(join(folder, "whole"), given);
    expect(whole.log.filter((row) => "loss" in (row as object))).toHaveLength(3);
    expect(whole.log.filter((row) => "eval_f1" in (row as object)).length).toBeGreaterThan(2);
    for (let step = 1; step <= totalUpdates; step++) {
      const outputDir = join(folder, `stopped-${step}`);
      const { signal, callback } = stopAfter(step);
      await expect(run(outputDir, given, { signal }, [callback])).rejects.toMatchObject({ code: "EABORT" });
      expectSame(await run(outputDir, given, { resumeFromCheckpoint: "auto" }), whole);
    }
  });

  test("and so does one that goes on from any checkpoint of its own", async () => {
    const saving: Given = { ...given, saveStrategy: "steps", saveSteps: 1 };
    const whole = await run(join(folder, "whole"), saving);
    for (let step = 1; step <= totalUpdates; step++) {
      const outputDir = join(folder, `from-${step}`);
      const resumeFromCheckpoint = join(folder, "whole", `checkpoint-${step}`);
      const found = await run(outputDir, saving, { resumeFromCheckpoint });
      const { checkpoints } = found;
      expect(Object.keys(checkpoints)).toHaveLength(totalUpdates - step);
      expectSame({ ...found, checkpoints: { ...whole.checkpoints, ...checkpoints } }, whole);
    }
  });
});

test("a stop during an evaluation loses nothing either", async () => {
  const whole = await run(join(folder, "whole"), {});
  const outputDir = join(folder, "stopped");
  const controller = new AbortController();
  const callback: TrainerCallback = { onPredictionStep: () => controller.abort() };
  await expect(run(outputDir, {}, { signal: controller.signal }, [callback])).rejects.toMatchObject({
    code: "EABORT",
  });
  expect(await readdir(outputDir)).toContain("checkpoint-4");
  expectSame(await run(outputDir, {}, { resumeFromCheckpoint: "auto" }), whole);
});

test("a run that has ended is not trained again, and gives its results", async () => {
  const whole = await run(folder, {
    loadBestModelAtEnd: true,
    saveStrategy: "steps",
    saveSteps: 4,
    saveTotalLimit: 1,
  });
  const again = await run(
    folder,
    { loadBestModelAtEnd: true, saveStrategy: "steps", saveSteps: 4, saveTotalLimit: 1 },
    { resumeFromCheckpoint: "auto" },
  );
  expect(again.weights.equals(whole.weights)).toBe(true);
  expect(again.log).toEqual(whole.log);
  expect(again.notes.join()).toMatch(/has ended, after 10 updates; nothing to train/);
});

test("a damaged newest checkpoint is passed over in favour of the one before, aloud", async () => {
  const whole = await run(folder, { saveStrategy: "steps", saveSteps: 4 });
  await rm(join(folder, "trainer_state.json")); // as if it had been killed before its end
  const weights = join(folder, "checkpoint-10", "model.safetensors");
  const bytes = await readFile(weights);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(weights, bytes);
  const found = await run(folder, { saveStrategy: "steps", saveSteps: 4 }, { resumeFromCheckpoint: true });
  expect(found.notes.join("\n")).toMatch(/checkpoint-10.model\.safetensors has another content/);
  expect(found.notes.join("\n")).toMatch(/going on from .*checkpoint-8/);
  expectSame(found, whole);
});

test("a run whose last checkpoint is damaged after its end makes the end again", async () => {
  const given: Given = { saveStrategy: "steps", saveSteps: 4 };
  const whole = await run(folder, given);
  await writeFile(join(folder, "checkpoint-10", "optimizer.safetensors"), "other bytes");
  const found = await run(folder, given, { resumeFromCheckpoint: "auto" });
  expect(found.notes.join("\n")).toMatch(
    /checkpoint-10.optimizer\.safetensors has[\s\S]*going on from .*checkpoint-8/,
  );
  expectSame(found, whole);
});

test("a limit of 1 keeps the last checkpoint of a run that ends with its last weights", async () => {
  const given: Given = { saveStrategy: "steps", saveSteps: 4, saveTotalLimit: 1 };
  await run(folder, given);
  const again = await run(folder, given, { resumeFromCheckpoint: "auto" });
  expect(again.notes.join()).toMatch(/nothing to train/);
});

test("a run that died before it made room for its last checkpoint makes room when it goes on", async () => {
  const given: Given = { saveStrategy: "steps", saveSteps: 4 };
  await run(folder, given);
  await rm(join(folder, "trainer_state.json"));
  await run(folder, { ...given, saveTotalLimit: 1 }, { resumeFromCheckpoint: "auto" });
  const saved = (await readdir(folder)).filter((name) => name.startsWith("checkpoint-"));
  expect(saved.sort()).toEqual(["checkpoint-10", "checkpoint-4"]); // the last and the best; 8 is gone
});

test("a stop where the run would not save does not change which checkpoint is the best", async () => {
  const given: Given = { evalStrategy: "steps", evalSteps: 2, saveStrategy: "steps", saveSteps: 4 };
  const best: Given = { ...given, loadBestModelAtEnd: true };
  const whole = await run(join(folder, "whole"), best);
  for (const step of [2, 6]) {
    const outputDir = join(folder, `stopped-${step}`);
    const { signal, callback } = stopAfter(step);
    await expect(run(outputDir, best, { signal }, [callback])).rejects.toMatchObject({ code: "EABORT" });
    expectSame(await run(outputDir, best, { resumeFromCheckpoint: "auto" }), whole);
  }
});

describe("a checkpoint of another run is refused with the differences", () => {
  const resume = (given: Given, options: TrainOptions = {}) =>
    run(folder, { ...given, overwriteOutputDir: true }, { resumeFromCheckpoint: true, ...options });
  beforeEach(async () => {
    const { signal, callback } = stopAfter(2);
    await expect(run(folder, {}, { signal }, [callback])).rejects.toMatchObject({ code: "EABORT" });
  });

  test("options, unless forced", async () => {
    const refusal = {
      code: "ECHECKPOINT",
      message: expect.stringContaining("learning_rate: 0.005 there, 0.1 here"),
    };
    await expect(resume({ learningRate: 0.1 })).rejects.toMatchObject(refusal);
    await expect(resume({ numTrainEpochs: 3 }, { force: true })).resolves.toMatchObject({
      log: expect.arrayContaining([expect.objectContaining({ step: 12 })]),
    });
  });

  test("what only saves, logs or watches may change", async () => {
    await expect(resume({ loggingSteps: 1, saveStrategy: "no" })).resolves.toBeDefined();
  });

  test("the model", async () => {
    const copy = join(folder, "checkpoint-2", "config.json");
    expect(JSON.parse(await readFile(copy, "utf8")).hidden_size).toBe(32);
    await cp(join(folder, "checkpoint-2"), join(folder, "elsewhere"), { recursive: true });
    await expect(
      run(
        join(folder, "out"),
        { numerics: "reference" },
        { resumeFromCheckpoint: join(folder, "elsewhere") },
      ),
    ).rejects.toMatchObject({ message: expect.stringContaining("numerics: fast there, reference here") });
  });
});
