/** On a CUDA device: the same results as on the CPU up to rounding, and training that learns. */
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { runtimeInfo, setSeed } from "../../lib/model/runtime.ts";
import type { Numerics } from "../../lib/native/types.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { tinyBatch, tinyConfig, tinyDistilConfig, tinyLabels } from "../native/tiny_model.ts";
import { largestError } from "../parity/fixture.ts";
import { describeIf } from "../support/shared.ts";

const { cuda } = await runtimeInfo();
const configs = { bert: tinyConfig, distilbert: tinyDistilConfig };

describeIf(cuda.available, cuda.reason ?? "no CUDA device")("on CUDA", () => {
  describe.each(["bert", "distilbert"] as const)("a tiny %s", (kind) => {
    test.each([
      "fast",
      "reference",
    ] as const)("has the CPU's loss, logits and gradients (%s)", async (numerics) => {
      using onCpu = await model(kind, "cpu", numerics);
      using onCuda = await model(kind, "cuda", numerics);
      const [cpu, gpu] = [await pass(onCpu), await pass(onCuda)];
      expect(onCuda.device).toBe("cuda:0");
      expect(gpu.loss).toBeCloseTo(cpu.loss, 5);
      expect(largestError(gpu.logits, cpu.logits)).toBeLessThan(1e-4);
      expect(largestError(gpu.gradient, cpu.gradient)).toBeLessThan(1e-4);
    });

    test.each([
      "fast",
      "reference",
    ] as const)("learns with dropout, clipping and AdamW (%s)", async (numerics) => {
      using trained = (await model(kind, "cuda", numerics)).train();
      using optimizer = new AdamW(trained, { lr: 1e-3 });
      const losses: number[] = [];
      for (let step = 0; step < 40; step++) {
        using out = await trained.forward(tinyBatch());
        await out.loss!.backward();
        using norm = await optimizer.clipGradNorm(1);
        expect(Number.isFinite(await norm.item())).toBe(true);
        await optimizer.step();
        await optimizer.zeroGrad();
        losses.push(await out.loss!.item());
      }
      expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.9);
    });
  });

  test("auto takes the first device", async () => {
    using found = await model("bert", "auto", "fast");
    expect(found.device).toBe("cuda:0");
  });

  test("bfloat16 stays near float32", async () => {
    using found = await model("bert", "cuda", "fast");
    using full = await found.forward(tinyBatch());
    using half = await found.forward(tinyBatch(), { bf16: true });
    expect(await half.loss!.item()).toBeCloseTo(await full.loss!.item(), 1);
  });
});

/** The same weights on every device: they are drawn on the CPU. */
async function model(kind: "bert" | "distilbert", device: string, numerics: Numerics) {
  await setSeed(7);
  return AutoModelForTokenClassification.fromConfig(configs[kind], { labels: tinyLabels, device, numerics });
}

async function pass(of: TokenClassificationModel) {
  using out = await of.forward(tinyBatch(), { grad: true });
  const loss = await out.loss!.item();
  const logits = (await out.logits.toTypedArray()) as Float32Array;
  await out.loss!.backward();
  using gradient = await of.getGradient("classifier.weight");
  return { loss, logits, gradient: (await gradient.toTypedArray()) as Float32Array };
}
