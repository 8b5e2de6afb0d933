import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { readCheckpoint, type StoredRun, writeCheckpoint } from "../../../lib/training/checkpoint.ts";
import { checkSameRun, findEndedRun, findResumePoint, type ThisRun } from "../../../lib/training/resume.ts";
import { type LogRow, newTrainerState, stateToJson } from "../../../lib/training/state.ts";
import { FakeModel, FakeOptimizer, Recorder } from "./fakes.ts";

let folder: string;
let notes: string[];
const note = (line: string) => void notes.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-resume-"));
  notes = [];
});
afterEach(() => rm(folder, { recursive: true }));

async function save(step: number, { onlyModel = false } = {}): Promise<string> {
  const parts = {
    model: new FakeModel(new Recorder()),
    optimizer: new FakeOptimizer(undefined, { lr: 1 }),
    scheduler: {
      name: "linear",
      base_lr: 1,
      last_step: step,
      num_warmup_steps: 0,
      num_training_steps: 8,
      kwargs: {},
    },
    generator: { now: Uint8Array.of(1), epochStart: Uint8Array.of(2) },
    state: newTrainerState({ globalStep: step }),
    trainingArguments: new TrainingArguments({ outputDir: folder }).toJSON(),
    progress: {
      ...{ epoch: 0, updates_in_epoch: step, epoch_ended: false, due: { evaluate: false, save: false } },
      last_update: { grad_norm: 1, learning_rate: 0.1 },
      losses: { sum: 0, logged_step: step, total: 0, non_finite: 0 },
    },
    data: "abc",
    torchVersion: "2.13.0",
    ...{ run: "one", stop: false },
  };
  await writeCheckpoint(folder, parts, { onlyModel });
  return join(folder, `checkpoint-${step}`);
}

const damage = async (path: string) => writeFile(join(path, "optimizer.safetensors"), "other bytes");
const refused = (message: RegExp) => ({ code: "ECHECKPOINT", message: expect.stringMatching(message) });

describe("where a run goes on from", () => {
  test("nothing asked, or auto in a folder without a run: the beginning", async () => {
    await save(1);
    await expect(findResumePoint(undefined, folder, note)).resolves.toBeUndefined();
    await expect(findResumePoint(false, folder, note)).resolves.toBeUndefined();
    await expect(findResumePoint("auto", join(folder, "new"), note)).resolves.toBeUndefined();
  });

  test.each([
    true,
    "auto",
  ] as const)("%s: the checkpoint written last, whatever an older run has left", async (asked) => {
    for (const step of [9, 10, 2]) await save(step);
    expect((await findResumePoint(asked, folder, note))?.path).toBe(join(folder, "checkpoint-2"));
    expect(notes).toEqual([]);
  });

  test("a checkpoint that holds only the model is passed over", async () => {
    await save(1);
    await save(2, { onlyModel: true });
    expect((await findResumePoint(true, folder, note))?.path).toBe(join(folder, "checkpoint-1"));
  });

  test("damaged ones are passed over aloud; if all are, the run is refused", async () => {
    await save(1);
    await damage(await save(2));
    await damage(await save(3));
    expect((await findResumePoint("auto", folder, note))?.path).toBe(join(folder, "checkpoint-1"));
    expect(notes).toEqual([
      expect.stringContaining("checkpoint-3"),
      expect.stringContaining("checkpoint-2"),
      expect.stringMatching(/going on from .*checkpoint-1/),
    ]);
    await damage(join(folder, "checkpoint-1"));
    await expect(findResumePoint("auto", folder, note)).rejects.toMatchObject(
      refused(/no checkpoint that is whole/),
    );
  });

  test("a later one whose manifest is damaged is passed over aloud", async () => {
    await save(1);
    await writeFile(join(await save(2), "manifest.json"), "{");
    expect((await findResumePoint("auto", folder, note))?.path).toBe(join(folder, "checkpoint-1"));
    expect(notes).toEqual([
      expect.stringMatching(/checkpoint-2.manifest\.json is missing, damaged, or not completely/),
      expect.stringMatching(/going on from .*checkpoint-1/),
    ]);
  });

  test("a folder called checkpoint-5 that is none does not make auto start over in silence", async () => {
    await mkdir(join(folder, "checkpoint-5"));
    await expect(findResumePoint("auto", folder, note)).rejects.toMatchObject(
      refused(/checkpoint-5, which cannot/),
    );
  });

  test("true needs one", async () => {
    await expect(findResumePoint(true, folder, note)).rejects.toMatchObject(
      refused(/has no checkpoint to resume/),
    );
  });

  test("a folder that was named must be one, and the message says what it is instead", async () => {
    const path = await save(4);
    expect((await findResumePoint(path, "elsewhere", note))?.state.globalStep).toBe(4);
    await expect(findResumePoint(folder, folder, note)).rejects.toMatchObject(
      refused(/is an output folder; give one of its checkpoints, e\.g\. .*checkpoint-4/),
    );
    await expect(findResumePoint(join(folder, "none"), folder, note)).rejects.toMatchObject(
      refused(/does not exist/),
    );
    await damage(path);
    await expect(findResumePoint(path, folder, note)).rejects.toMatchObject(
      refused(/optimizer\.safetensors has/),
    );
    await mkdir(join(folder, "python"));
    await writeFile(join(folder, "python", "optimizer.pt"), "");
    await expect(findResumePoint(join(folder, "python"), folder, note)).rejects.toMatchObject(
      refused(/Python's Trainer, whose state is pickled/),
    );
  });
});

describe("a run that has ended", () => {
  test("is told by the last row of its log; its numbers are the results", async () => {
    const logHistory: LogRow[] = [
      { loss: 1, step: 1 },
      { train_runtime: 2, train_loss: 0.5, epoch: 1, step: 8 },
    ];
    const file = join(folder, "trainer_state.json");
    await writeFile(file, stateToJson(newTrainerState({ globalStep: 8, logHistory })));
    expect((await findEndedRun(folder))?.results).toEqual({ train_runtime: 2, train_loss: 0.5, epoch: 1 });
    await writeFile(file, stateToJson(newTrainerState({ logHistory: logHistory.slice(0, 1) })));
    expect(await findEndedRun(folder)).toBeUndefined();
    await writeFile(file, (await readFile(file, "utf8")).slice(0, 50));
    expect(await findEndedRun(folder)).toBeUndefined();
    expect(await findEndedRun(join(folder, "none"))).toBeUndefined();
  });
});

describe("a checkpoint of another run", () => {
  let stored: StoredRun;
  let run: ThisRun;
  beforeEach(async () => {
    stored = await readCheckpoint(await save(3));
    stored.config = { hidden_size: 384, id2label: { 0: "O", 1: "B-PER" }, transformers_version: "4" };
    run = {
      args: new TrainingArguments({ outputDir: "moved", loggingSteps: 1, threads: 1 }),
      ...{ labels: ["O", "B-PER"], config: { hidden_size: 384, architectures: ["X"] } },
      ...{ numerics: "fast", data: "abc" },
    };
  });

  test("the same run passes, whatever it now logs, saves, or is called", () => {
    expect(() => checkSameRun(stored, run)).not.toThrow();
  });

  test("a best value is compared with those of its own metric only", () => {
    const watching = (metricForBestModel: string) => new TrainingArguments({ metricForBestModel });
    stored.trainingArguments = watching("f1").toJSON();
    expect(() => checkSameRun(stored, { ...run, args: watching("loss") })).not.toThrow(); // none so far
    stored.state.bestMetric = 0.5;
    for (const args of [watching("eval_f1"), run.args])
      expect(() => checkSameRun(stored, { ...run, args })).not.toThrow();
    expect(() => checkSameRun(stored, { ...run, args: watching("loss") })).toThrow(
      "what is best: eval_f1, the greater there, eval_loss, the smaller here",
    );
  });

  test("all differences come at once", () => {
    const other: ThisRun = {
      args: new TrainingArguments({ learningRate: 1e-3, seed: 7, bf16: true }),
      ...{ labels: ["O", "B-LOC"], config: { hidden_size: 768 }, numerics: "reference", data: "def" },
    };
    expect(() => checkSameRun(stored, other)).toThrow(
      expect.objectContaining({
        code: "ECHECKPOINT",
        message: [
          `${stored.path} belongs to another run:`,
          "labels: O, B-PER there, O, B-LOC here",
          "the model's hidden_size: 384 there, 768 here",
          "the training data (its sentences, labels, or their encoding)",
          "numerics: fast there, reference here",
          "learning_rate: 0.00005 there, 0.001 here",
          "seed: 42 there, 7 here",
          "bf16: false there, true here",
          "Resume with what that run had, or go on all the same with force (--force).",
        ]
          .join("\n  ")
          .replace(/\n {2}(Resume)/, "\n$1"),
      }),
    );
  });
});
