/** Event files as the real TensorBoard reads them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventDetails, newControl } from "../../lib/callbacks/callback.ts";
import { tensorboard } from "../../lib/callbacks/tensorboard.ts";
import { TrainingArguments } from "../../lib/training/arguments.ts";
import { newTrainerState } from "../../lib/training/state.ts";
import { runPython } from "./python_process.ts";

interface Read {
  scalars: Record<string, [step: number, value: number | string][]>;
  texts: Record<string, string[]>;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torchner-tensorboard-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const details = { model: { config: { hidden_size: 8, name: "Müller 😀" } } } as unknown as EventDetails;

async function write(from: number, steps: readonly number[]): Promise<void> {
  const callback = tensorboard({ logDir: folder });
  const args = new TrainingArguments({ outputDir: folder, learningRate: 3e-5 });
  const state = newTrainerState({ globalStep: from });
  await callback.onTrainBegin!(args, state, newControl(), details);
  for (const step of steps) {
    state.globalStep = step;
    const logs = { loss: 1 / (step + 1), eval_f1: step / 1e6, grad_norm: Number.NaN, epoch: step / 3 };
    await callback.onLog!(args, state, newControl(), { ...details, logs });
  }
  await callback.onTrainEnd!(args, state, newControl(), details);
}

test("every scalar has its step and value, and the texts are there", async () => {
  const steps = [1, 127, 128, 16384, 300_000];
  await write(0, steps);
  const { scalars, texts } = await runPython<Read>("read_events.py", { folder });
  expect(scalars["train/loss"]).toEqual(steps.map((step) => [step, Math.fround(1 / (step + 1))]));
  expect(scalars["eval/f1"]).toEqual(steps.map((step) => [step, Math.fround(step / 1e6)]));
  expect(scalars["train/grad_norm"]![0]).toEqual([1, "nan"]);
  expect(scalars["train/epoch"]!.map(([step]) => step)).toEqual(steps);
  expect(JSON.parse(texts["args/text_summary"]![0]!)).toMatchObject({ learning_rate: 3e-5 });
  expect(JSON.parse(texts["model_config/text_summary"]![0]!)).toEqual(details.model.config);
});

test("what a resumed run redoes replaces what was written before", async () => {
  await write(0, [1, 2, 3, 4]);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // files are named by the second
  await write(2, [3, 5]);
  const { scalars } = await runPython<Read>("read_events.py", { folder });
  expect(scalars["train/loss"]!.map(([step]) => step)).toEqual([1, 2, 3, 5]);
});
