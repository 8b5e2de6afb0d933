import { setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { parametersOf, tinyBatch, tinyConfig, tinyDistilConfig, tinyModel } from "./tiny_model.ts";

async function trainSteps(config: typeof tinyConfig, steps: number, numerics: "fast" | "reference") {
  using model = (await tinyModel(config)).train();
  model.numerics = numerics;
  using optimizer = new AdamW(model, { lr: 1e-3 });
  await setSeed(42);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    using out = await model.forward(tinyBatch());
    await out.loss!.backward();
    using norm = await optimizer.clipGradNorm(1);
    expect(await norm.item()).toBeGreaterThan(0);
    await optimizer.step();
    await optimizer.zeroGrad();
    losses.push(await out.loss!.item());
  }
  return { losses, parameters: await parametersOf(model) };
}

describe.each([
  ["BERT", tinyConfig],
  ["DistilBERT", tinyDistilConfig],
])("a hand-written step of %s", (_, config) => {
  test.each(["fast", "reference"] as const)("brings the loss down (%s)", async (numerics) => {
    const { losses } = await trainSteps(config, 30, numerics);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.9);
  });

  test.each(["fast", "reference"] as const)("gives the same bits again (%s)", async (numerics) => {
    const [first, second] = [await trainSteps(config, 3, numerics), await trainSteps(config, 3, numerics)];
    expect(second.losses).toEqual(first.losses);
    expect(second.parameters).toEqual(first.parameters);
  });
});

test("one thread and two give the same loss up to rounding", async () => {
  await setNumThreads(1);
  const one = await trainSteps(tinyConfig, 2, "fast");
  await setNumThreads(2);
  const two = await trainSteps(tinyConfig, 2, "fast");
  expect(two.losses[1]).toBeCloseTo(one.losses[1]!, 4);
});

test("the optimizer leaves weights without a gradient alone", async () => {
  using model = await tinyModel();
  using optimizer = new AdamW(model, { lr: 0.1 });
  const before = await parametersOf(model);
  await optimizer.step();
  expect(await parametersOf(model)).toEqual(before);
});

test("weight decay shrinks weights but not biases and LayerNorm", async () => {
  using model = (await tinyModel()).train();
  using optimizer = new AdamW(model, { lr: 1e-12, weightDecay: 1e11 }); // decay factor 0.9, Adam's part vanishes
  const before = await parametersOf(model);
  using out = await model.forward(tinyBatch());
  await out.loss!.backward();
  await optimizer.step();
  const after = await parametersOf(model);
  for (const [name, values] of after) {
    const decays = !/bias|LayerNorm/.test(name);
    const factor = values[0]! / before.get(name)![0]!;
    if (before.get(name)![0] !== 0)
      expect([name, factor.toFixed(3)]).toEqual([name, decays ? "0.900" : "1.000"]);
  }
});

test("the gradients of two batches add up", async () => {
  using model = await tinyModel();
  const gradientAfter = async (...batches: ReturnType<typeof tinyBatch>[]) => {
    using optimizer = new AdamW(model);
    await optimizer.zeroGrad();
    for (const batch of batches) {
      using out = await model.forward(batch, { grad: true });
      await out.loss!.backward();
    }
    using gradient = await model.getGradient("classifier.weight");
    return (await gradient.toTypedArray()) as Float32Array;
  };
  const [a, b] = [tinyBatch([5, 3]), tinyBatch([8])];
  const sum = await gradientAfter(a);
  const other = await gradientAfter(b);
  const both = await gradientAfter(a, b);
  for (const [i, value] of both.entries()) expect(value).toBeCloseTo(sum[i]! + other[i]!, 6);
});
