/** A whole run of transformers' Trainer against ours in reference numerics: the log and the weights, bit by bit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimeInfo, setNumThreads } from "../../lib/model/runtime.ts";
import { compareTrainers } from "./both_trainers.ts";
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
    expect(found.rngStates.ours).toBe(found.rngStates.theirs);
  },
  240_000,
);
