import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventDetails, newControl, type TrainerCallback } from "../../../lib/callbacks/callback.ts";
import { jsonlLogger } from "../../../lib/callbacks/jsonl.ts";
import { tensorboard } from "../../../lib/callbacks/tensorboard.ts";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { newTrainerState } from "../../../lib/training/state.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-loggers-"));
});
afterEach(() => rm(folder, { recursive: true }));

type Given = ConstructorParameters<typeof TrainingArguments>[0];

/** Plays the events of a run that begins after `from` updates and logs at each of `steps`. */
async function play(callback: TrainerCallback, from: number, steps: number[], given: Given = {}) {
  const args = new TrainingArguments({ outputDir: folder, ...given });
  const state = newTrainerState({ globalStep: from });
  const details = { model: { config: { hidden_size: 8 } } } as unknown as EventDetails;
  await callback.onTrainBegin?.(args, state, newControl(), details);
  for (const step of steps) {
    state.globalStep = step;
    const logs = { loss: step / 10, eval_f1: 0.5, epoch: 1 };
    await callback.onLog?.(args, state, newControl(), { ...details, logs });
  }
  await callback.onTrainEnd?.(args, state, newControl(), details);
}

const lines = async (path: string) =>
  (await readFile(path, "utf8"))
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe("the JSON lines log", () => {
  test("has the rows of the log, each with step and time, in the output folder", async () => {
    await play(jsonlLogger(), 0, [1, 2]);
    const rows = await lines(join(folder, "log.jsonl"));
    expect(rows).toEqual([
      { time: expect.stringMatching(/^\d{4}-.*Z$/), step: 1, loss: 0.1, eval_f1: 0.5, epoch: 1 },
      expect.objectContaining({ step: 2, loss: 0.2 }),
    ]);
  });

  test("a run that goes on keeps what lies before, and drops what is redone or torn", async () => {
    const path = join(folder, "logs", "my.jsonl");
    await play(jsonlLogger({ file: path }), 0, [1, 2, 3]);
    await appendFile(path, '{"step": 4, "lo');
    await play(jsonlLogger({ file: path }), 2, [3, 4]);
    expect((await lines(path)).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    await play(jsonlLogger({ file: path }), 0, [1]);
    expect((await lines(path)).map(({ step }) => step)).toEqual([1]);
  });

  test("logging_dir moves it", async () => {
    await play(jsonlLogger(), 0, [1], { loggingDir: join(folder, "elsewhere") });
    expect(await readdir(join(folder, "elsewhere"))).toEqual(["log.jsonl"]);
  });
});

describe("the TensorBoard log", () => {
  test("stands in runs/ under date and host, or the run's name", async () => {
    await play(tensorboard(), 0, [1]);
    const [named] = await readdir(join(folder, "runs"));
    expect(named).toMatch(/^[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_/);
    expect(await readdir(join(folder, "runs", named!))).toEqual([
      expect.stringMatching(/^events\.out\.tfevents\.\d{10}\..*\.0$/),
    ]);
    await play(tensorboard(), 0, [1], { runName: "first" });
    expect(await readdir(join(folder, "runs"))).toContain("first");
  });

  test("names are transformers': eval/f1, train/loss", async () => {
    const logDir = join(folder, "tb");
    await play(tensorboard({ logDir }), 0, [1]);
    const [name] = await readdir(logDir);
    const content = await readFile(join(logDir, name!), "latin1");
    for (const tag of [
      "train/loss",
      "eval/f1",
      "train/epoch",
      "args/text_summary",
      "model_config/text_summary",
    ])
      expect(content).toContain(tag);
    expect(content).not.toContain("eval_f1");
  });
});

test.each([
  ["tensorboard", () => tensorboard({ logDir: join(folder, "file", "below") })],
  ["jsonl", () => jsonlLogger({ file: join(folder, "file", "below") })],
])("%s says where it cannot write", async (_, make) => {
  await writeFile(join(folder, "file"), "");
  await expect(play(make(), 0, [1])).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringContaining(join(folder, "file")),
  });
});
