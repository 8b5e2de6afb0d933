import { type EventDetails, newControl } from "../../../lib/callbacks/callback.ts";
import { earlyStopping } from "../../../lib/callbacks/early_stopping.ts";
import { TrainingArguments } from "../../../lib/training/arguments.ts";
import { noteIfBest } from "../../../lib/training/best.ts";
import { newTrainerState } from "../../../lib/training/state.ts";

/** After which evaluation (from 1) the run stops; undefined if it goes on to the end. */
async function stopsAfter(
  values: number[],
  options: Parameters<typeof earlyStopping>[0],
  greaterIsBetter = true,
) {
  const args = new TrainingArguments({ evalStrategy: "epoch", metricForBestModel: "f1", greaterIsBetter });
  const state = newTrainerState();
  const control = newControl();
  const callback = earlyStopping(options);
  for (const [i, value] of values.entries()) {
    const metrics = { eval_f1: value };
    await callback.onEvaluate!(args, state, control, { metrics } as unknown as EventDetails);
    noteIfBest(state, metrics, args);
    if (control.shouldTrainingStop) return i + 1;
  }
  return undefined;
}

test.each([
  [[1, 2, 3], { patience: 1 }, true, undefined],
  [[1, 1, 3], { patience: 1 }, true, 2],
  [[1, 0, 2, 1, 1], { patience: 2 }, true, 5],
  [[3, 2, 2.5], { patience: 1 }, false, 3],
  [[1, 1.05, 1.2], { patience: 1, threshold: 0.1 }, true, 2],
])("of %j with %j (greater is better: %p) the run stops after evaluation %p", async (values, options, greater, at) => {
  expect(await stopsAfter(values, options, greater)).toBe(at);
});

test("an evaluation with another prefix is not counted, and one line says so", async () => {
  const args = new TrainingArguments({
    evalStrategy: "epoch",
    metricForBestModel: "f1",
    greaterIsBetter: true,
  });
  const state = newTrainerState({ bestMetric: 0.9 });
  const control = newControl();
  const lines: string[] = [];
  const callback = earlyStopping({ patience: 2, log: (line) => void lines.push(line) });
  const evaluated = (metrics: object) =>
    callback.onEvaluate!(args, state, control, { metrics } as EventDetails);

  for (const metrics of [{ eval_f1: 0.8 }, { other_f1: 0.8 }, { other_f1: 0.95 }]) await evaluated(metrics);
  expect(lines).toEqual([expect.stringMatching(/gives no eval_f1; those without it are not counted/)]);
  expect(control.shouldTrainingStop).toBe(false);
  await evaluated({ eval_f1: 0.8 });
  expect(control.shouldTrainingStop).toBe(true);
});

test("an evaluation outside a run, without a metric for the best, does no harm", () => {
  const given = [new TrainingArguments(), newTrainerState(), newControl()] as const;
  expect(() =>
    earlyStopping().onEvaluate!(...given, { metrics: { eval_f1: 1 } } as unknown as EventDetails),
  ).not.toThrow();
});

test.each([
  [{}, "evalStrategy"],
  [{ evalStrategy: "epoch" as const }, "metricForBestModel"],
])("arguments %j cannot work with it", (given, missing) => {
  const begin = () =>
    earlyStopping().onTrainBegin!(
      new TrainingArguments(given),
      newTrainerState(),
      newControl(),
      {} as EventDetails,
    );
  expect(begin).toThrow(expect.objectContaining({ code: "EARG", message: expect.stringContaining(missing) }));
});

test.each([
  [{ patience: 0 }],
  [{ patience: 1.5 }],
  [{ threshold: "0.1" }],
  [{ patiense: 5 }],
  [null],
  [3],
])("the options %j are refused", (options) => {
  expect(() => earlyStopping(options as object)).toThrow(
    expect.objectContaining({ name: "TorchnerError", code: "EARG" }),
  );
});
