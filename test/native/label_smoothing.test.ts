import { randomPermutation, setSeed } from "../../lib/model/runtime.ts";
import { tinyBatch, tinyLabels, tinyModel } from "./tiny_model.ts";

/** The formula, in float64: (1 - e) of the label's surprise and e of the mean surprise, over labelled tokens. */
function smoothedLoss(logits: Float32Array, labels: Int32Array, e: number): number {
  const depth = tinyLabels.length;
  let sum = 0;
  let count = 0;
  for (const [i, label] of labels.entries()) {
    if (label === -100) continue;
    const row = [...logits.subarray(i * depth, (i + 1) * depth)];
    const total = Math.log(row.reduce((all, x) => all + Math.exp(x), 0));
    const surprise = row.map((x) => total - x);
    sum += (1 - e) * surprise[label]! + (e * surprise.reduce((all, x) => all + x, 0)) / depth;
    count++;
  }
  return sum / count;
}

describe.each(["fast", "reference"] as const)("label smoothing in %s numerics", (numerics) => {
  test.each([0, 0.1, 0.7])("of %d is the mean of transformers' formula over labelled tokens", async (e) => {
    using model = await tinyModel();
    const batch = tinyBatch();
    batch.labels.fill(-100, 3, 6);
    using out = await model.forward(batch, { numerics, labelSmoothing: e });
    const logits = (await out.logits.toTypedArray()) as Float32Array;
    expect(await out.loss!.item()).toBeCloseTo(smoothedLoss(logits, batch.labels, e), 5);
  });
});

test("the model's own setting counts where forward is given none", async () => {
  using model = await tinyModel();
  const loss = async (options = {}) => {
    using out = await model.forward(tinyBatch(), options);
    return out.loss!.item();
  };
  const plain = await loss();
  model.labelSmoothing = 0.3;
  expect(await loss()).not.toBe(plain);
  expect(await loss({ labelSmoothing: 0 })).toBe(plain);
});

test.each([1, -0.1, Number.NaN, "0.1"])("%p is refused by name", async (labelSmoothing) => {
  using model = await tinyModel();
  await expect(model.forward(tinyBatch(), { labelSmoothing } as never)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("labelSmoothing is"),
  });
});

test("a permutation comes from the global generator: it follows the seed and moves it on", async () => {
  await setSeed(3);
  const [first, second] = [await randomPermutation(20), await randomPermutation(20)];
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(second).not.toEqual(first);
  await setSeed(3);
  expect(await randomPermutation(20)).toEqual(first);
  expect(await randomPermutation(0)).toHaveLength(0);
});
