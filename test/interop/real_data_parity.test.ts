/**
 * transformers' Trainer and ours on a real model and real sentences, number by number: a fresh classifier, dropout, AdamW,
 * clipping, an evaluation each epoch. What was compared is printed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDataset } from "../../lib/data/load_dataset.ts";
import { runtimeInfo, setNumThreads } from "../../lib/model/runtime.ts";
import { describeIf, needsData, needsModel, testData, testModel } from "../support/shared.ts";
import { type Compared, compareTrainers, type Row } from "./both_trainers.ts";

const model = testData ? testModel() : undefined;

describeIf(model, testData ? needsModel : needsData)("MiniLM on 512 sentences of CoNLL-2003", () => {
  let folder: string;
  let threadsBefore: number;
  beforeAll(async () => {
    threadsBefore = (await runtimeInfo()).threads;
    folder = mkdtempSync(join(tmpdir(), "torchner-interop-"));
  });
  afterAll(async () => {
    await setNumThreads(threadsBefore);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([42, 7])("two epochs, seed %i: every logged number and every parameter", async (seed) => {
    const file = (name: string) => join(testData!, "conll2003", "iob2", name);
    const data = await loadDataset({ train: file("train.txt"), validation: file("valid.txt") });
    const found = await compareTrainers({
      ...{ start: model!, folder, threads: 2, labels: data.labels },
      train: data.train.toArray().slice(0, 512),
      validation: data.validation.toArray().slice(0, 256),
      settings: {
        ...{ numTrainEpochs: 2, learningRate: 5e-5, weightDecay: 0.01, perDeviceTrainBatchSize: 16 },
        ...{ evalStrategy: "epoch", loggingSteps: 1, seed },
      },
    });
    console.log(`seed ${seed}: ${summary(found)}`);
    expect(found.ours).toEqual(found.theirs);
    expect(found.differing).toEqual([]);
  }, 600_000);
});

/** For each key of the log, how many numbers there are and how many of them are equal. */
function summary({ ours, theirs, differing, parameters }: Compared): string {
  const keys = [...new Set(theirs.log.flatMap((row) => Object.keys(row)))];
  const counts = keys.map((key) => {
    const rows = theirs.log.flatMap((row, i) => (key in row ? [[row, ours.log[i] ?? {}] as [Row, Row]] : []));
    return `${key} ${rows.filter(([one, other]) => one[key] === other[key]).length}/${rows.length}`;
  });
  const equal = parameters.tensors - differing.length;
  return `${counts.join(", ")}; parameters ${equal}/${parameters.tensors} tensors (${parameters.elements} elements)`;
}
