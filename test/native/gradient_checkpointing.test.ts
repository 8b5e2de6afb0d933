import { getRngState, setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import type { ForwardOptions } from "../../lib/native/types.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { parametersOf, tinyBatch, tinyConfig, tinyDistilConfig, tinyModel } from "./tiny_model.ts";

beforeAll(() => setNumThreads(1));

/** Three updates of two batches each, with dropout; everything that they leave. */
async function run(config: typeof tinyConfig, options: ForwardOptions) {
  using model = (await tinyModel(config)).train();
  using optimizer = new AdamW(model, { lr: 1e-3 });
  await setSeed(42);
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    for (const lengths of [
      [9, 4, 12],
      [5, 5],
    ]) {
      using out = await model.forward(tinyBatch(lengths), options);
      await out.loss!.backward();
      losses.push(await out.loss!.item());
    }
    using norm = await optimizer.clipGradNorm(1);
    losses.push(await norm.item());
    await optimizer.step();
    await optimizer.zeroGrad();
  }
  const weights = [...(await parametersOf(model)).values()].map((values) => Buffer.from(values.buffer));
  return { losses, weights: Buffer.concat(weights), generator: Buffer.from(await getRngState()) };
}

describe.each([
  ["BERT", tinyConfig],
  ["DistilBERT", tinyDistilConfig],
])("recomputing the layers of %s", (_, config) => {
  test.each<ForwardOptions>([
    { numerics: "fast" },
    { numerics: "reference" },
    { numerics: "fast", bf16: true },
    { numerics: "reference", bf16: true, labelSmoothing: 0.1 },
  ])("gives the bits of keeping them: losses, norms, weights, random numbers (%j)", async (options) => {
    const kept = await run(config, options);
    const recomputed = await run(config, { ...options, gradientCheckpointing: true });
    expect(recomputed.losses).toEqual(kept.losses);
    expect(recomputed.weights.equals(kept.weights)).toBe(true);
    expect(recomputed.generator.equals(kept.generator)).toBe(true);
  });
});

test("a graph may outlive its model", async () => {
  const model = (await tinyModel()).train();
  using out = await model.forward(tinyBatch(), { gradientCheckpointing: true });
  model.dispose();
  await expect(out.loss!.backward()).resolves.toBeUndefined();
});

test("without gradients there is nothing to recompute", async () => {
  using model = await tinyModel();
  using plain = await model.forward(tinyBatch());
  using asked = await model.forward(tinyBatch(), { gradientCheckpointing: true });
  expect(await asked.logits.toTypedArray()).toEqual(await plain.logits.toTypedArray());
});
