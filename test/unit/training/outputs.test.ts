import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { modelCard } from "../../../lib/training/model_card.ts";
import { writePredictions, writeResults } from "../../../lib/training/outputs.ts";
import { newTrainerState } from "../../../lib/training/state.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torchner-outputs-"));
});
afterEach(() => rm(folder, { recursive: true }));

const text = (name: string) => readFile(join(folder, name), "utf8");

test("each split has its results, and all_results.json has those of all", async () => {
  await writeResults(folder, "train", { train_loss: 0.5, epoch: 3 });
  await writeResults(folder, "eval", { eval_f1: 1, eval_samples: 7, epoch: 3 });
  expect(await text("eval_results.json")).toBe(
    '{\n    "epoch": 3.0,\n    "eval_f1": 1.0,\n    "eval_samples": 7\n}\n',
  );
  expect(JSON.parse(await text("all_results.json"))).toEqual({
    train_loss: 0.5,
    epoch: 3,
    eval_f1: 1,
    eval_samples: 7,
  });
  expect((await readdir(folder)).sort()).toEqual([
    "all_results.json",
    "eval_results.json",
    "train_results.json",
  ]);
});

test("results that cannot be read are not overwritten", async () => {
  await writeFile(join(folder, "all_results.json"), "{");
  await expect(writeResults(folder, "eval", { eval_f1: 1 })).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringContaining("all_results.json"),
  });
  expect(await text("all_results.json")).toBe("{");
});

test("predictions.txt has one line per sentence, also for one without words", async () => {
  await writePredictions(join(folder, "predictions.txt"), [["B-X", "O"], [], ["O"]]);
  expect(await text("predictions.txt")).toBe("B-X O\n\nO\n");
});

describe("the model card", () => {
  const args = new TrainingArguments({ outputDir: "runs/my model", learningRate: 2e-5, warmupRatio: 0.1 });
  const state = newTrainerState({
    ...{ maxSteps: 25, globalStep: 25 },
    logHistory: [
      { eval_loss: 0.5, eval_f1: 0.4, eval_runtime: 1, epoch: 1, step: 10 },
      { loss: 0.25, grad_norm: 1, learning_rate: 1e-5, epoch: 1.5, step: 15 },
      { eval_loss: 0.375, eval_f1: 0.51234, eval_runtime: 1, epoch: 2, step: 20 },
    ],
  });

  test("has metadata, results, hyperparameters and the course of training", () => {
    const card = modelCard({ args, state, labels: ["O", "B-X"], dataset: "yes" });
    expect(card.split("---")[1]).toContain('- name: "my model"');
    expect(card.split("---")[1]).toContain('name: "yes"'); // unquoted, YAML reads true
    expect(card.split("---")[1]).toContain("value: 0.51234");
    expect(card).toContain("- F1: 0.5123");
    expect(card).toContain("- lr_scheduler_warmup_steps: 3");
    expect(card).toContain("| No log | 1 | 10 | 0.5000 | 0.4000 |\n| 0.2500 | 2 | 20 | 0.3750 | 0.5123 |");
    expect(card).not.toContain("Runtime");
  });

  test("of a run without evaluations has no results and no table", () => {
    const card = modelCard({ args, state: newTrainerState(), labels: ["O"] });
    expect(card).not.toContain("## Results");
    expect(card).not.toContain("|");
    expect(card).not.toContain("model-index");
  });
});
