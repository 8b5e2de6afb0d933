/** A whole run of transformers' Trainer against ours in reference numerics: the log and the weights, bit by bit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimeInfo, setNumThreads } from "../../lib/model/runtime.ts";
import { compareTrainers, type Row, type TrainerRun } from "./both_trainers.ts";
import { labels, madeUpSentences, vocabulary } from "./made_up.ts";
import { runPython } from "./python_process.ts";

const train = madeUpSentences(70, 1); // the last batch of an epoch is short
const validation = madeUpSentences(21, 2);

let folder: string;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = (await runtimeInfo()).threads;
});
afterAll(() => setNumThreads(threadsBefore));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torchner-interop-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["bert", 2, { loggingSteps: 1, warmupSteps: 3, weightDecay: 0.01 }],
  [
    "distilbert",
    1,
    {
      loggingSteps: 4,
      lrSchedulerType: "constant_with_warmup",
      warmupSteps: 2,
      maxGradNorm: 0.5,
      dataSeed: 7,
    },
  ],
])(
  "%s, %i thread(s), two epochs with dropout and evaluation: Python's log and weights",
  async (kind, threads, changes) => {
    const settings = {
      numTrainEpochs: 2,
      learningRate: 2e-3,
      perDeviceTrainBatchSize: 16,
      evalStrategy: "epoch",
      seed: 42,
      ...changes,
    };
    await runPython("make_folders.py", { kind, folder, labels, vocabulary, lowercase: true });
    const start = join(folder, "whole");
    const found = await compareTrainers({ start, folder, threads, labels, train, validation, settings });
    expect(found.ours).toEqual(found.theirs);
    expect(found.differing).toEqual([]);
  },
  240_000,
);

/** What one run is given beside the settings that all of them share. */
type Case = Pick<TrainerRun, "spelled" | "accumulation"> & { settings?: Record<string, unknown> };

describe("one option at a time: Python's log, weights, best and checkpoints", () => {
  const run = async ({ settings, ...rest }: Case) => {
    await runPython("make_folders.py", { kind: "bert", folder, labels, vocabulary, lowercase: true });
    return compareTrainers({
      ...{ start: join(folder, "whole"), folder, threads: 2, labels, train, validation, ...rest },
      settings: {
        ...{ numTrainEpochs: 2, learningRate: 2e-3, perDeviceTrainBatchSize: 16, seed: 42 },
        ...{ evalStrategy: "epoch", loggingSteps: 1, ...settings },
      },
    });
  };

  const cases: [string, Case][] = [
    [
      "the mean over an update of three batches, as in transformers 4",
      {
        settings: { gradientAccumulationSteps: 3 },
        spelled: { ours: { gradientAccumulationLoss: "mean" }, theirs: {} },
        accumulation: "mean",
      },
    ],
    ["label smoothing", { settings: { labelSmoothingFactor: 0.1 } }],
    [
      "batches of sentences of like length",
      {
        settings: { perDeviceTrainBatchSize: 4 },
        spelled: { ours: { groupByLength: true }, theirs: { trainSamplingStrategy: "group_by_length" } },
      },
    ],
    ["no short batch", { settings: { dataloaderDropLast: true } }],
    ["cosine schedule", { settings: { lrSchedulerType: "cosine", warmupSteps: 2 } }],
    [
      "a schedule that waits for the loss to fall",
      {
        settings: {
          ...{ numTrainEpochs: 4, lrSchedulerType: "reduce_lr_on_plateau", learningRate: 2e-2 },
          lrSchedulerKwargs: { patience: 0, factor: 0.5 },
        },
      },
    ],
    [
      "a share of the updates for warmup",
      { spelled: { ours: { warmupRatio: 0.15 }, theirs: { warmupSteps: 0.15 } } },
    ],
    ["an epoch and a half", { settings: { numTrainEpochs: 1.5 } }],
    ["a number of updates that ends in mid-epoch", { settings: { maxSteps: 7 } }],
    [
      "every two updates evaluated, the best loaded, one checkpoint kept",
      {
        settings: {
          ...{ evalStrategy: "steps", evalSteps: 2, saveStrategy: "steps", saveSteps: 2, learningRate: 2e-2 },
          ...{ saveTotalLimit: 1, loadBestModelAtEnd: true, metricForBestModel: "f1" },
        },
      },
    ],
    [
      "the best saved alone",
      {
        settings: {
          ...{ evalStrategy: "steps", evalSteps: 1, saveStrategy: "best", metricForBestModel: "loss" },
          ...{ loadBestModelAtEnd: true, learningRate: 2e-2 },
        },
      },
    ],
  ];
  test.each(cases)(
    "%s",
    async (_name, changes) => {
      const found = await run(changes);
      expect(found.ours).toEqual(found.theirs);
      expect(found.differing).toEqual([]);
    },
    240_000,
  );

  test("the mean over all label tokens of an update: the same but for rounding", async () => {
    const { ours, theirs } = await run({
      settings: { gradientAccumulationSteps: 3, learningRate: 1e-4 },
      accumulation: "token",
    });
    expect(ours.rngState).toBe(theirs.rngState);
    expectClose(ours.log, theirs.log, 1e-5);
  }, 240_000);

  test("bf16: the same to bfloat16's precision", async () => {
    const { ours, theirs } = await run({ settings: { bf16: true, learningRate: 1e-4 } });
    expectClose(ours.log, theirs.log, 1e-2);
  }, 240_000);
});

/** Rows of the same keys, and numbers whose difference is at most `tolerance` of their size. */
function expectClose(ours: readonly Row[], theirs: readonly Row[], tolerance: number): void {
  const keysOf = (rows: readonly Row[]) => rows.map((row) => Object.keys(row).sort());
  expect(keysOf(ours)).toEqual(keysOf(theirs));
  const far = ours.flatMap((row, i) =>
    Object.entries(row).flatMap(([key, value]) => {
      const other = theirs[i]![key]!;
      return Math.abs(value - other) <= tolerance * Math.abs(other) ? [] : [{ i, key, value, other }];
    }),
  );
  expect(far).toEqual([]);
}
