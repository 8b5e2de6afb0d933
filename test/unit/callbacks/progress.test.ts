import { Writable } from "node:stream";
import { type EventDetails, emitEvent, newControl } from "../../../lib/callbacks/callback.ts";
import { formatNumber, formatRow, printer } from "../../../lib/callbacks/printer.ts";
import { progress } from "../../../lib/callbacks/progress.ts";
import {
  duration,
  evaluationColumns,
  paceText,
  tableHead,
  tableRow,
} from "../../../lib/callbacks/progress_text.ts";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { newTrainerState } from "../../../lib/training/state.ts";

/** Collects what is written; a terminal or not. */
function output(isTTY: boolean) {
  const written: string[] = [];
  const out = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    }),
    // What cli-progress asks of a terminal beside `write`.
    {
      isTTY,
      columns: 120,
      rows: 40,
      cursorTo: () => true,
      moveCursor: () => true,
      clearLine: () => true,
      clearScreenDown: () => true,
    },
  );
  return { out, text: () => written.join("") };
}

const metrics = { eval_loss: 0.0417, eval_f1: 0.9505, eval_runtime: 3.2, eval_steps_per_second: 9, epoch: 1 };

/** Two updates, a log and an evaluation, as a run emits them. */
async function run(out: NodeJS.WritableStream, end: "onTrainEnd" | "onTrainFailed" = "onTrainEnd") {
  const args = new TrainingArguments({ evalStrategy: "epoch", metricForBestModel: "f1" });
  const state = newTrainerState({ maxSteps: 2, numTrainEpochs: 1 });
  const emit = (event: Parameters<typeof emitEvent>[1], details: Partial<EventDetails> = {}) =>
    emitEvent([callback], event, args, state, newControl(), details as EventDetails);
  const callback = progress(out);
  await emit("onTrainBegin");
  for (const step of [1, 2]) {
    await emit("onStepBegin");
    Object.assign(state, { globalStep: step, epoch: step / 2 });
    await emit("onStepEnd", { tokens: 100 });
  }
  await emit("onLog", { logs: { loss: 0.1214, learning_rate: 2.5e-5, epoch: 1 } });
  await emit("onPredictionStep", { batch: 1, batches: 4 });
  await emit("onEvaluate", { metrics });
  state.bestMetric = 0.99;
  await emit("onEvaluate", { metrics });
  await emit(end);
}

test("off a terminal there is one plain line per log, and a table of evaluations", async () => {
  const { out, text } = output(false);
  await run(out);
  const lines = text().split("\n");
  expect(lines[0]).toMatch(
    /^step 2\/2 {2}epoch 1\/1 {2}lr 2\.500e-5 {2}loss 0\.1214 {2}[\d,]+ tok\/s {2}ETA 0s$/,
  );
  expect(lines[1]!.trim().split(/ {2,}/)).toEqual(["epoch", "step", "train loss", "eval loss", "f1"]);
  expect(lines[2]!.trim().split(/ +/)).toEqual(["1", "2", "0.1214", "0.0417", "95.05", "★"]);
  expect(lines[3]!.trim().split(/ +/)).toEqual(["1", "2", "0.1214", "0.0417", "95.05"]);
  expect(text()).not.toContain("\u001b");
});

test.each([
  "onTrainEnd",
  "onTrainFailed",
] as const)("on a terminal the bar is taken down by %s", async (end) => {
  const { out, text } = output(true);
  await run(out, end);
  const length = text().length;
  expect(text()).toContain("2/2");
  expect(text()).toContain("95.05");
  await new Promise((resolve) => setTimeout(resolve, 250)); // two redraws, if a timer were left
  expect(text()).toHaveLength(length);
});

test("a run that begins before another's end takes that one's bar down", async () => {
  const { out, text } = output(true);
  const begin = [new TrainingArguments(), newTrainerState({ maxSteps: 2, numTrainEpochs: 1 }), newControl()];
  const callback = progress(out);
  const emit = (event: Parameters<typeof emitEvent>[1]) =>
    emitEvent([callback], event, ...(begin as [never, never, never]), {} as EventDetails);
  await emit("onTrainBegin");
  await emit("onTrainBegin");
  await emit("onTrainEnd");
  const length = text().length;
  await new Promise((resolve) => setTimeout(resolve, 250)); // two redraws, if a timer were left
  expect(text()).toHaveLength(length);
});

test("an evaluation outside a run shows nothing", async () => {
  const { out, text } = output(false);
  const details = { metrics } as unknown as EventDetails;
  await emitEvent(
    [progress(out)],
    "onEvaluate",
    new TrainingArguments(),
    newTrainerState(),
    newControl(),
    details,
  );
  expect(text()).toBe("");
});

test.each([
  [0, "0s"],
  [59.4, "59s"],
  [60, "1m"],
  [720, "12m"],
  [3900, "1h 05m"],
])("%d seconds read %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("pace says only what is known", () => {
  expect(paceText({ step: 0, maxSteps: 10, tokens: 0, seconds: 0 })).toBe("");
  expect(paceText({ step: 5, maxSteps: 10, tokens: 5000, seconds: 2, loss: 0.5 })).toBe(
    "loss 0.5  2,500 tok/s  ETA 2s",
  );
});

test("rows of the table stand under their headings", () => {
  const columns = evaluationColumns({ ...metrics, eval_skipped_words: 3 });
  const row = tableRow(columns, { metrics: { ...metrics, eval_skipped_words: 3 }, step: 500, best: false });
  expect(row).toHaveLength(tableHead(columns).length);
  expect(row.trim().split(/ +/)).toEqual(["1", "500", "-", "0.0417", "95.05", "3"]);
});

test("the printer writes one line per row, without total_flos", async () => {
  const { out, text } = output(false);
  const logs = { loss: 0.12345678, learning_rate: 5e-5, total_flos: 1e15, step: 3 };
  await printer(out).onLog!(new TrainingArguments(), newTrainerState(), newControl(), {
    logs,
  } as unknown as EventDetails);
  expect(text()).toBe("loss 0.1235  learning_rate 5.000e-5  step 3\n");
  expect(formatRow({})).toBe("");
  expect(formatNumber(Number.NaN)).toBe("NaN");
});

test.each([[null], ["x"], [{}]])("neither display takes %j for a stream", (out) => {
  for (const display of [printer, progress]) {
    expect(() => display(out as never)).toThrow(
      expect.objectContaining({ name: "TorchnerError", code: "EARG" }),
    );
  }
});
