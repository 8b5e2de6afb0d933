import { keptStep, metricValue, noteIfBest } from "../../../lib/training/best.ts";
import { newTrainerState } from "../../../lib/training/state.ts";

const f1 = { metricForBestModel: "f1", greaterIsBetter: true, saveStrategy: "epoch" } as const;

test("of equal metrics the first stays the best, and one that is not finite never is", () => {
  const state = newTrainerState();
  const bests = [Number.NaN, 0.5, 0.5, Number.POSITIVE_INFINITY, 0.6, 0.1].map((value, i) => {
    state.globalStep = i;
    noteIfBest(state, { eval_f1: value }, f1);
    return [state.bestMetric, state.bestGlobalStep];
  });
  expect(bests).toEqual([
    [null, null],
    [0.5, 1],
    [0.5, 1],
    [0.5, 1],
    [0.6, 4],
    [0.6, 4],
  ]);
});

test("a loss is better when it is lower, with or without its prefix", () => {
  const state = newTrainerState();
  const args = { metricForBestModel: "eval_loss", greaterIsBetter: false, saveStrategy: "no" } as const;
  for (const value of [2, 1, 3]) noteIfBest(state, { eval_loss: value }, args);
  expect(state).toMatchObject({ bestMetric: 1, bestGlobalStep: null });
});

test("a metric that the evaluation lacks is refused with those it has", () => {
  expect(() => metricValue({ eval_f1: 1, eval_note: "text" }, "eval_f2")).toThrow(
    expect.objectContaining({
      code: "EARG",
      message: expect.stringMatching(/no eval_f2; it gives eval_f1\./),
    }),
  );
});

test("the weights that are kept are those of the checkpoint that is loaded, not of the best evaluation", () => {
  const state = newTrainerState({
    globalStep: 30,
    bestGlobalStep: 25,
    bestModelCheckpoint: "out/checkpoint-20",
  });
  expect(keptStep({ loadBestModelAtEnd: true }, state)).toBe(20);
  expect(keptStep({ loadBestModelAtEnd: false }, state)).toBe(30);
  expect(keptStep({ loadBestModelAtEnd: true }, { ...state, bestModelCheckpoint: null })).toBe(30);
});
