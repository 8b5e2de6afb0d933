import fc from "fast-check";
import { accumulationDivisors, planTraining } from "../../../lib/training/plan.ts";

const plan = (options: Partial<Parameters<typeof planTraining>[0]>) =>
  planTraining({
    examples: 10,
    batches: 5,
    batchSize: 2,
    gradientAccumulationSteps: 1,
    numTrainEpochs: 3,
    maxSteps: -1,
    ...options,
  });

test("1.5 epochs of 5 updates are 8 updates in 2 epochs", () => {
  expect(plan({ numTrainEpochs: 1.5 })).toEqual({
    batchesPerEpoch: 5,
    updatesPerEpoch: 5,
    maxSteps: 8,
    numTrainEpochs: 2,
    numTrainSamples: 15,
  });
});

test("an incomplete last update of an epoch counts as one", () => {
  expect(plan({ gradientAccumulationSteps: 2 })).toMatchObject({ updatesPerEpoch: 3, maxSteps: 9 });
});

test("maxSteps goes before the epochs and says how many are begun", () => {
  expect(plan({ maxSteps: 11, numTrainEpochs: 1 })).toMatchObject({
    maxSteps: 11,
    numTrainEpochs: 3,
    numTrainSamples: 22,
  });
});

test.each([
  [{ examples: 0, batches: 0 }, "give it sentences"],
  [{ examples: 1, batches: 0 }, "switch dataloaderDropLast (--dataloader-drop-last) off"],
])("%j is refused with the remedy", (options, remedy) => {
  expect(() => plan(options)).toThrow(
    expect.objectContaining({ code: "EARG", message: expect.stringContaining(remedy) }),
  );
});

test("weighted means of the parts are the mean of the whole", () => {
  const parts = fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }), { minLength: 1 });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  fc.assert(
    fc.property(parts, (batches) => {
      fc.pre(batches.some((losses) => losses.length > 0));
      const divisors = accumulationDivisors(
        batches.map((losses) => losses.length),
        "token",
      );
      const sum = batches.reduce(
        (all, losses, i) => all + (losses.length > 0 ? mean(losses) / divisors[i]! : 0),
        0,
      );
      expect(sum).toBeCloseTo(mean(batches.flat()), 9);
    }),
  );
});

test("batches without any label weigh nothing", () => {
  const infinite = Number.POSITIVE_INFINITY;
  expect(accumulationDivisors([0, 0], "token")).toEqual([infinite, infinite]);
  expect(accumulationDivisors([0, 3, 1], "token")).toEqual([infinite, 4 / 3, 4]);
});

test("the older way weighs all batches of an update alike", () => {
  expect(accumulationDivisors([1, 7], "mean")).toEqual([2, 2]);
});
