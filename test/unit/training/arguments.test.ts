import fc from "fast-check";
import type { TorchnerError } from "../../../lib/native/errors.ts";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { trainingOptions } from "../../../lib/training/options.ts";

/** The error of arguments that TypeScript would not let through, or that fit no run. */
function refusal(options: unknown): TorchnerError {
  try {
    new TrainingArguments(options as object);
  } catch (error) {
    return error as TorchnerError;
  }
  throw new Error("these arguments were taken");
}

test("the defaults are those of transformers' TrainingArguments", () => {
  expect(new TrainingArguments()).toMatchObject({
    outputDir: "trainer_output",
    numTrainEpochs: 3,
    maxSteps: -1,
    learningRate: 5e-5,
    lrSchedulerType: "linear",
    warmupSteps: 0,
    weightDecay: 0,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-8,
    maxGradNorm: 1,
    perDeviceTrainBatchSize: 8,
    perDeviceEvalBatchSize: 8,
    gradientAccumulationSteps: 1,
    dataloaderDropLast: false,
    evalStrategy: "no",
    evalSteps: undefined,
    saveStrategy: "steps",
    saveSteps: 500,
    saveTotalLimit: undefined,
    loadBestModelAtEnd: false,
    metricForBestModel: undefined,
    greaterIsBetter: undefined,
    loggingStrategy: "steps",
    loggingSteps: 500,
    loggingFirstStep: false,
    seed: 42,
    dataSeed: undefined,
    bf16: false,
  });
});

test("null and undefined mean that an option is not given", () => {
  expect(new TrainingArguments({ learningRate: null, seed: undefined })).toEqual(new TrainingArguments());
});

test("a field cannot be changed afterwards", () => {
  const args = new TrainingArguments() as { seed: number };
  expect(() => {
    args.seed = 1;
  }).toThrow(TypeError);
});

describe("values that follow from others", () => {
  test("evalSteps is loggingSteps where only the strategy was given", () => {
    expect(new TrainingArguments({ evalStrategy: "steps", loggingSteps: 7 }).evalSteps).toBe(7);
  });

  test("the best model is the one with the smallest loss unless a metric is named", () => {
    const args = new TrainingArguments({
      loadBestModelAtEnd: true,
      evalStrategy: "epoch",
      saveStrategy: "epoch",
    });
    expect([args.metricForBestModel, args.greaterIsBetter]).toEqual(["loss", false]);
  });

  test("a rate that waits for a plateau watches the loss, unless a metric is named", () => {
    const options = { evalStrategy: "epoch", lrSchedulerType: "reduce_lr_on_plateau" } as const;
    const watched = ({ metricForBestModel, greaterIsBetter }: TrainingArguments) => [
      metricForBestModel,
      greaterIsBetter,
    ];
    expect(watched(new TrainingArguments(options))).toEqual(["loss", false]);
    expect(watched(new TrainingArguments({ ...options, metricForBestModel: "f1" }))).toEqual(["f1", true]);
  });

  test("intervals below 1 are shares of all updates, rounded up", () => {
    const options = { evalStrategy: "steps", loggingSteps: 0.1, saveSteps: 30 } as const;
    const intervals = { loggingSteps: 11, evalSteps: 11, saveSteps: 30 };
    expect(new TrainingArguments(options).getIntervals(101)).toEqual(intervals);
    expect(new TrainingArguments({}).getIntervals(3)).toEqual({
      loggingSteps: 500,
      evalSteps: undefined,
      saveSteps: 500,
    });
  });

  test.each([
    ["f1", true],
    ["eval_loss", false],
  ])("with the metric %s, greaterIsBetter is %s", (metricForBestModel, expected) => {
    expect(new TrainingArguments({ evalStrategy: "epoch", metricForBestModel }).greaterIsBetter).toBe(
      expected,
    );
  });

  test.each([
    [{ warmupSteps: 10, warmupRatio: 0.5 }, 10],
    [{ warmupSteps: 0.1 }, 11],
    [{ warmupRatio: 0.1 }, 11],
    [{}, 0],
  ])("%j gives %i warmup updates in a run of 101", (options, expected) => {
    expect(new TrainingArguments(options).getWarmupSteps(101)).toBe(expected);
  });
});

describe("older spellings", () => {
  test.each([
    [{ evaluationStrategy: "epoch" }, { evalStrategy: "epoch" }],
    [{ perGpuTrainBatchSize: 4 }, { perDeviceTrainBatchSize: 4 }],
    [{ noCuda: true }, { device: "cpu" }],
    [{ useCpu: false }, { device: "auto" }],
    [{ trainSamplingStrategy: "group_by_length" }, { groupByLength: true }],
    [{ evaluateDuringTraining: true }, { evalStrategy: "steps" }],
    [{ reportTo: "all" }, { reportTo: ["tensorboard", "jsonl"] }],
    [{ reportTo: "tensorboard" }, { reportTo: ["tensorboard"] }],
    [{ overwriteOutputDir: true }, { overwriteOutputDir: true }],
  ] as const)("%j means %j", (older, expected) => {
    expect(new TrainingArguments(older)).toMatchObject(expected);
  });

  test("snake_case keys of a training_args.json are taken too, and lead back to the same arguments", () => {
    const args = new TrainingArguments({ learningRate: 1e-4, evalStrategy: "steps", noCuda: true });
    expect(new TrainingArguments(JSON.parse(JSON.stringify(args)))).toEqual(args);
  });

  test("two spellings of one option must agree", () => {
    expect(new TrainingArguments({ evalStrategy: "epoch", evaluationStrategy: "epoch" }).evalStrategy).toBe(
      "epoch",
    );
    expect(refusal({ evalStrategy: "epoch", evaluationStrategy: "no" }).message).toMatch(
      /evaluationStrategy.*evalStrategy/,
    );
  });
});

describe("what is refused", () => {
  test.each([
    [{ learningrate: 1 }, "learningrate: unknown option; did you mean learningRate?"],
    [{ learningRate: "1e-5" }, 'learningRate: must be a number, got "1e-5"'],
    [{ learningRate: Number.NaN }, "learningRate: must be a number, got NaN"],
    [{ learningRate: -1 }, "learningRate: must be a number of at least 0, got -1"],
    [{ adamBeta1: 1 }, "adamBeta1: must be a number of at least 0 and below 1, got 1"],
    [{ numTrainEpochs: 0 }, "numTrainEpochs: must be a number above 0, got 0"],
    [{ maxSteps: 0 }, "maxSteps: must be a whole number of at least 1, or -1, got 0"],
    [{ loggingSteps: 1.5 }, "loggingSteps: must be a whole number above 0, got 1.5"],
    [{ evalSteps: 0 }, "evalSteps: must be a number above 0, got 0"],
    [{ warmupSteps: 1.5 }, "warmupSteps: must be a whole number of at least 0, got 1.5"],
    [{ seed: 2 ** 32 }, "seed: must be a whole number of at least 0 and at most 4294967295, got 4294967296"],
    [
      { evalStrategy: "epochs" },
      'evalStrategy: must be no, steps or epoch, got "epochs"; did you mean epoch?',
    ],
    [{ bf16: "true" }, 'bf16: must be true or false, got "true"'],
    [{ device: "gpu" }, 'device: must be cpu, cuda, cuda:N or auto, got "gpu"'],
    [{ outputDir: "" }, 'outputDir: must be text, got ""'],
    [{ noCuda: 1 }, "noCuda: must be true or false, got 1"],
    [{ trainFile: "t" }, "trainFile: is an option of torchner train, not of TrainingArguments; leave it out"],
    [{ optim: "adafactor" }, "optim: is not supported; the optimizer is AdamW; leave it out"],
    [
      { hubToken: "hf_0" },
      "hubToken: is not supported; set the environment variable HF_TOKEN; what is given here could be read by others",
    ],
    [
      { hubModelId: "me / ner" },
      'hubModelId: must be ORG/NAME or NAME, of letters, digits, dots, dashes and underscores, got "me / ner"',
    ],
    [
      { hubStrategy: "checkpoint" },
      'hubStrategy: must be end or every_save, got "checkpoint"; every_save uploads the model itself',
    ],
    [{ reportTo: ["jsonl", 3] }, "reportTo: must be tensorboard, jsonl, none or all, got 3"],
  ])("%j", (options, message) => {
    const error = refusal(options);
    expect(error.code).toBe("EARG");
    expect(error.message).toBe(`TrainingArguments: ${message}`);
  });

  test.each([[null], [[]], ["out"], [3]])("%j instead of an object", (options) => {
    expect(refusal(options)).toMatchObject({ code: "EARG" });
  });

  test("all faults are listed at once", () => {
    const { message } = refusal({ learningRate: -1, sed: 4, evalStrategy: 3, loadBestModelAtEnd: true });
    expect(message.split("\n")).toHaveLength(5);
    expect(message).toMatch(
      /4 faults:\n {2}learningRate.*\n {2}sed: .*did you mean seed.*\n {2}evalStrategy.*\n {2}load/,
    );
  });

  test("an argument of Python's that asks for nothing is no fault", () => {
    const ported = { optim: "adamw_torch", fp16: false, debug: [], logLevel: "info", deepspeed: null };
    expect(new TrainingArguments(ported)).toEqual(new TrainingArguments());
  });
});

describe("combinations that cannot work", () => {
  const best = { loadBestModelAtEnd: true, evalStrategy: "steps", saveStrategy: "steps" } as const;
  test.each([
    [
      { loadBestModelAtEnd: true },
      "loadBestModelAtEnd: needs evaluation while training; set evalStrategy to",
    ],
    [{ loadBestModelAtEnd: true, saveStrategy: "best" }, "loadBestModelAtEnd: needs evaluation"],
    [
      { loadBestModelAtEnd: true, evalStrategy: "epoch" },
      "loadBestModelAtEnd: needs saveStrategy (now steps) to be the same as evalStrategy (now epoch), or best",
    ],
    [{ ...best, evalSteps: 200 }, "needs saveSteps (now 500) to be a multiple of evalSteps (now 200)"],
    [{ ...best, evalSteps: 0.1 }, "evalSteps (now 0.1), both updates or both shares"],
    [
      { ...best, evalSteps: 0.2, saveSteps: 0.3 },
      "saveSteps (now 0.3) to be a multiple of evalSteps (now 0.2)",
    ],
    [
      { saveStrategy: "best", metricForBestModel: "f1" },
      "saveStrategy: best needs evaluation while training",
    ],
    [{ saveStrategy: "best", evalStrategy: "epoch" }, "saveStrategy: best needs metricForBestModel, e.g. f1"],
    [
      { lrSchedulerType: "reduce_lr_on_plateau" },
      "lrSchedulerType: reduce_lr_on_plateau needs evaluation while training; set evalStrategy to epoch or steps",
    ],
    [
      { lrSchedulerKwargs: { num_cycle: 2 }, lrSchedulerType: "cosine" },
      "lrSchedulerKwargs: the cosine schedule has no option num_cycle; did you mean num_cycles?",
    ],
    [
      { lrSchedulerKwargs: { power: 2 } },
      "lrSchedulerKwargs: the linear schedule has no option power; it takes none",
    ],
    [
      { lrSchedulerType: "warmup_stable_decay" },
      "lrSchedulerKwargs: the warmup_stable_decay schedule needs num_decay_steps",
    ],
    [
      { lrSchedulerType: "polynomial", learningRate: 1e-8 },
      "lrSchedulerKwargs: polynomial: lr_end (1e-7) must be below the learning rate (1e-8)",
    ],
    [
      { resumeFromCheckpoint: "auto", overwriteOutputDir: true },
      "resumeFromCheckpoint: goes on with a run, and overwriteOutputDir replaces it; leave one out",
    ],
  ])("%j", (options, message) => {
    expect(refusal(options)).toMatchObject({ code: "EARG", message: expect.stringContaining(message) });
  });

  test.each([
    [{ ...best, evalSteps: 250 }],
    [{ ...best, evalSteps: 0.1, saveSteps: 0.3 }],
    [{ ...best, saveStrategy: "best", saveSteps: 7 }],
    [{ evalStrategy: "epoch", saveStrategy: "best", metricForBestModel: "loss" }],
    [{ evalStrategy: "epoch", lrSchedulerType: "reduce_lr_on_plateau" }],
    [{ resumeFromCheckpoint: false, overwriteOutputDir: true }],
    [{ lrSchedulerType: "cosine_with_restarts", lrSchedulerKwargs: { num_cycles: 2 } }],
    [{ lrSchedulerType: "warmup_stable_decay", lrSchedulerKwargs: { num_decay_steps: 10 } }],
  ] as const)("%j can", (options) => {
    expect(new TrainingArguments(options)).toMatchObject(options);
  });

  test("a metric for the best model may be named where nothing is evaluated, as in transformers", () => {
    expect(new TrainingArguments({ metricForBestModel: "f1" }).greaterIsBetter).toBe(true);
  });
});

test("whatever is given, the result is arguments or one EARG", () => {
  const key = fc.oneof(fc.constantFrom(...Object.keys(trainingOptions)), fc.string());
  const value = fc.oneof(
    fc.anything(),
    fc.integer(),
    fc.double(),
    fc.constantFrom("epoch", "steps", "no", "linear"),
  );
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 6 }), (options) => {
      try {
        expect(new TrainingArguments(options).toJSON()).toHaveProperty("learning_rate");
      } catch (error) {
        expect(error).toMatchObject({ name: "TorchnerError", code: "EARG" });
      }
    }),
  );
});
