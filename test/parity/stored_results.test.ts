/** Both layouts against results of transformers that are stored here; bits depend on the CPU, so within a tolerance. */
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import type { ForwardOptions } from "../../lib/native/types.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import {
  batchOf,
  expectedValues,
  type Kind,
  kinds,
  largestError,
  type Mask,
  masks,
  relativeError,
  startModel,
  trainedParameters,
  withGradients,
} from "./fixture.ts";

const numericsKinds = ["reference", "fast"] as const;
const labelCount = 5;

describe.each(kinds)("a small %s", (kind) => {
  describe.each(numericsKinds)("in %s numerics", (numerics) => {
    test.each(masks)("scores a batch as transformers does (mask: %s)", async (mask) => {
      using model = await startModel(kind, numerics);
      const { loss, logits } = await scores(model, kind, mask);
      expect(largestError(realRows(kind, mask, logits), realRows(kind, mask, expected(mask)))).toBeLessThan(
        1e-5,
      );
      expect(largestError([loss], expectedValues(kind, `${mask}/loss`))).toBeLessThan(1e-6);
    });

    test.each(withGradients)("has transformers' gradients (mask: %s)", async (mask) => {
      using model = await startModel(kind, numerics);
      const gradients = await gradientsOf(model, kind, mask);
      for (const [name, values] of gradients) {
        const error = largestError(values, expectedValues(kind, `${mask}/gradient/${name}`));
        expect([name, error < 1e-5 ? "close" : error]).toEqual([name, "close"]);
      }
    });

    test("has transformers' parameters after three updates", async () => {
      using model = (await startModel(kind, numerics)).train();
      using optimizer = new AdamW(model, { lr: 1e-3, weightDecay: 0.01, eps: 1e-4 });
      for (const mask of ["right", "full", "holes"] as const) {
        using out = await model.forward(batchOf(kind, mask));
        await out.loss!.backward();
        (await optimizer.clipGradNorm(1)).dispose();
        await optimizer.step();
        await optimizer.zeroGrad();
      }
      const trained = trainedParameters(kind);
      expect(model.parameterNames().sort()).toEqual([...trained.keys()].sort());
      for (const [name, values] of trained) {
        using parameter = await model.getParameter(name);
        const error = largestError((await parameter.toTypedArray()) as Float32Array, values);
        expect([name, error < 2e-6 ? "close" : error]).toEqual([name, "close"]);
      }
    });
  });

  test("gives zeros at padding when packed, and transformers' own values there when padded", async () => {
    using model = await startModel(kind, "reference");
    const padded = await scores(model, kind, "right", { layout: "padded" });
    expect(largestError(padded.logits, expected("right"))).toBeLessThan(1e-5);
    const packed = await scores(model, kind, "right", { layout: "packed" });
    const { attentionMask } = batchOf(kind, "right");
    packed.logits.forEach((value, i) => {
      if (attentionMask[Math.floor(i / labelCount)] === 0) expect(value).toBe(0);
    });
  });

  test.each(
    masks,
  )("fast agrees with the padded path: loss to 1e-6, gradients to 1e-5 (mask: %s)", async (mask) => {
    using fast = await startModel(kind, "fast");
    using reference = await startModel(kind, "reference");
    const mine = (await scores(fast, kind, mask)).loss;
    const theirs = (await scores(reference, kind, mask)).loss;
    expect(Math.abs(mine - theirs) / theirs).toBeLessThan(1e-6);
    const [a, b] = [await gradientsOf(fast, kind, mask), await gradientsOf(reference, kind, mask)];
    expect([...a.keys()]).toEqual([...b.keys()]);
    expect(relativeError(joined(a), joined(b))).toBeLessThan(1e-5);
  });

  test.each(numericsKinds)("bfloat16 stays within two percent (%s)", async (numerics) => {
    using model = await startModel(kind, numerics);
    const { loss, logits } = await scores(model, kind, "right", { bf16: true });
    const theirs = realRows(kind, "right", expected("right"));
    const error = relativeError(realRows(kind, "right", logits), theirs);
    expect(error).toBeLessThan(2e-2);
    expect(error).toBeGreaterThan(1e-4); // less would mean that bf16 did nothing
    expect(largestError([loss], expectedValues(kind, "right/loss"))).toBeLessThan(2e-2);
  });

  function expected(mask: Mask): Float32Array {
    return expectedValues(kind, `${mask}/logits`);
  }
});

async function scores(model: TokenClassificationModel, kind: Kind, mask: Mask, options?: ForwardOptions) {
  using out = await model.forward(batchOf(kind, mask), options);
  return { loss: await out.loss!.item(), logits: (await out.logits.toTypedArray()) as Float32Array };
}

async function gradientsOf(model: TokenClassificationModel, kind: Kind, mask: Mask) {
  using out = await model.forward(batchOf(kind, mask), { grad: true });
  await out.loss!.backward();
  const gradients = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) {
    using gradient = await model.getGradient(name);
    gradients.set(name, (await gradient.toTypedArray()) as Float32Array);
  }
  return gradients;
}

/** The logits of pieces that are not padding, where the layouts must agree. */
function realRows(kind: Kind, mask: Mask, logits: Float32Array): Float32Array {
  const { attentionMask } = batchOf(kind, mask);
  return logits.filter((_, i) => attentionMask[Math.floor(i / labelCount)] === 1);
}

function joined(arrays: ReadonlyMap<string, Float32Array>): number[] {
  return [...arrays.values()].flatMap((values) => [...values]);
}
