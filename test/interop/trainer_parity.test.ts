/** A whole run of transformers' Trainer against ours in reference numerics: the log and the weights, bit by bit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataCollatorForTokenClassification } from "../../lib/data/collator.ts";
import { Dataset } from "../../lib/data/dataset.ts";
import { tokenizeAndAlignLabels } from "../../lib/data/tokenize_and_align.ts";
import { seqeval } from "../../lib/metrics/seqeval.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { getRngState, runtimeInfo, setNumThreads } from "../../lib/model/runtime.ts";
import { AutoTokenizer } from "../../lib/tokenization/tokenizer.ts";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { Trainer } from "../../lib/training/trainer.ts";
import { differingParameters } from "./bits.ts";
import { labels, madeUpSentences, vocabulary } from "./made_up.ts";
import { runPython } from "./python_process.ts";

const train = madeUpSentences(70, 1); // the last batch of an epoch is short
const validation = madeUpSentences(21, 2);

type Row = Record<string, number>;
interface Run {
  log: Row[];
  rngState: string;
}

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
    const theirs = await runPython<Run>("trainer_run.py", {
      ...{ start, folder, threads, labels, train, validation },
      arguments: inSnakeCase(settings),
    });
    const ours = await trainHere(start, threads, settings);
    expect(ours.log).toEqual(theirs.log.map(withoutTimes));
    expect(ours.differing).toEqual([]);
    expect(ours.rngState).toBe(theirs.rngState);
  },
  240_000,
);

async function trainHere(start: string, threads: number, settings: Record<string, unknown>) {
  await setNumThreads(threads);
  const tokenizer = await AutoTokenizer.fromPretrained(start);
  using model = await AutoModelForTokenClassification.fromPretrained(start, { numerics: "reference" });
  const encode = tokenizeAndAlignLabels(tokenizer, { labelStrategy: "first" });
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      ...settings,
      numerics: "reference",
      outputDir: join(folder, "ours"),
      saveStrategy: "no",
      disableTqdm: true,
    }),
    trainDataset: new Dataset(await encode(train, labels)),
    evalDataset: new Dataset(await encode(validation, labels)),
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(labels),
  });
  await trainer.train();
  const rngState = Buffer.from(await getRngState()).toString("hex");
  const differing = await differingParameters(model, join(folder, "end.safetensors"));
  tokenizer.dispose();
  return { log: trainer.state.logHistory.map((row) => withoutTimes(row as Row)), rngState, differing };
}

/** A row without what the clock decides. */
function withoutTimes(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !/_runtime$|_per_second$/.test(key)));
}

function inSnakeCase(settings: Record<string, unknown>): Record<string, unknown> {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [snake(name), value]));
}
