import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setNumThreads } from "../../lib/model/runtime.ts";
import type { InferenceDtype } from "../../lib/native/types.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { describeIf, patience } from "../support/shared.ts";
import { tinyBatch, tinyConfig, tinyDistilConfig, tinyModel } from "./tiny_model.ts";

beforeAll(() => setNumThreads(2));

const configs = {
  BERT: tinyConfig,
  "BERT of odd sizes": { ...tinyConfig, hidden_size: 39, num_attention_heads: 3, intermediate_size: 77 },
  DistilBERT: tinyDistilConfig,
};

async function logitsOf(model: Awaited<ReturnType<typeof tinyModel>>, lengths: readonly number[]) {
  using out = await model.forward(tinyBatch(lengths));
  return (await out.logits.toTypedArray()) as Float32Array;
}

/** Of all scores, the root mean square of the difference as a share of that of the scores. */
function relativeError(values: Float32Array, wanted: Float32Array): number {
  const square = (numbers: Float32Array) => numbers.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(values.map((value, i) => value - wanted[i]!)) / square(wanted));
}

describe.each(Object.entries(configs))("%s packed for inference", (_, config) => {
  test.each<[InferenceDtype, number]>([
    ["fp32", 0],
    ["bf16", 0.02],
    ["int8", 0.05],
  ])("in %s scores as it did whole, up to that dtype's rounding", async (dtype, tolerance) => {
    using whole = await tinyModel(config);
    using packed = await tinyModel(config);
    const failure = await packed.packForInference(dtype).catch((error) => error);
    if (dtype === "bf16" && failure?.code === "ESTATE" && /does not multiply bfloat16/.test(failure.message))
      return;
    expect(failure).toBeUndefined();
    for (const lengths of [[9, 4, 12, 7], [1], [40, 64, 3]]) {
      const error = relativeError(await logitsOf(packed, lengths), await logitsOf(whole, lengths));
      expect([lengths, error <= tolerance]).toEqual([lengths, true]);
      if (dtype !== "fp32") expect(error).toBeGreaterThan(0);
    }
  });
});

test("a packed model refuses what needs its weights, and says what to do", async () => {
  using model = await tinyModel();
  await model.packForInference();
  const folder = await mkdtemp(join(tmpdir(), "torchner-"));
  const refused = { code: "ESTATE", message: expect.stringContaining("load it again") };
  try {
    await expect(model.savePretrained(folder)).rejects.toMatchObject(refused);
    await expect(model.loadWeights(folder)).rejects.toMatchObject(refused);
    await expect(model.getParameter("classifier.weight")).rejects.toMatchObject(refused);
    await expect(model.getGradient("classifier.weight")).rejects.toMatchObject(refused);
    await expect(model.forward(tinyBatch(), { grad: true })).rejects.toMatchObject(refused);
    expect(() => new AdamW(model)).toThrow(expect.objectContaining(refused));
    await expect(model.forward(tinyBatch(), { training: true, grad: false })).rejects.toMatchObject(refused);
    await expect(model.packForInference("int8")).rejects.toMatchObject({ code: "ESTATE" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("what began before the packing is refused after it", async () => {
  using model = await tinyModel();
  using optimizer = new AdamW(model);
  using before = await model.forward(tinyBatch(), { grad: true });
  await before.loss!.backward();
  using pending = await model.forward(tinyBatch(), { grad: true });
  await model.packForInference();
  await expect(pending.loss!.backward()).rejects.toMatchObject({ code: "ESTATE" });
  await expect(optimizer.step()).rejects.toMatchObject({ code: "ESTATE" });
  await expect(optimizer.clipGradNorm(1)).rejects.toMatchObject({ code: "ESTATE" });
  await expect(optimizer.save(join(tmpdir(), "never"))).rejects.toMatchObject({ code: "ESTATE" });
});

test("parameters are counted as before", async () => {
  using model = await tinyModel();
  const before = model.parameterCount();
  await model.packForInference("int8");
  expect(model.parameterCount()).toEqual(before);
});

test("int8 refuses layers whose sums would not fit, before it packs", async () => {
  using model = await tinyModel({
    ...tinyConfig,
    hidden_size: 4,
    intermediate_size: 65540,
    num_hidden_layers: 1,
  });
  await expect(model.packForInference("int8")).rejects.toMatchObject({
    code: "ESTATE",
    message: expect.stringContaining("65536"),
  });
  await expect(model.packForInference("fp32")).resolves.toBeUndefined();
});

describeIf(patience === 1, "a sanitizer takes memory of its own")("memory", () => {
  test("falls with the dtype, and all of it comes back", async () => {
    const residentMegabytes = () => process.memoryUsage().rss / 2 ** 20;
    const config = { ...tinyConfig, hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 6 };
    const weights = 6 * 12 * 768 * 768 * 4 * 2 ** -20; // 162 MB
    const before = residentMegabytes();
    const packed = await tinyModel(config);
    const whole = residentMegabytes();
    expect(whole - before).toBeGreaterThan(0.8 * weights);
    await packed.packForInference("int8");
    expect(residentMegabytes() - before).toBeLessThan(0.6 * weights);
    packed.dispose();
    (await tinyModel()).dispose(); // waits for the executor
    expect(residentMegabytes() - before).toBeLessThan(0.5 * weights);
  });
});

test("an unknown dtype is refused by name", async () => {
  using model = await tinyModel();
  await expect(model.packForInference("fp16" as InferenceDtype)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("fp16"),
  });
});
