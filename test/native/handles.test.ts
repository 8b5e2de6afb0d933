import { TorchnerError } from "../../lib/native/errors.ts";
import { native } from "../../lib/native/load.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { tinyBatch, tinyModel } from "./tiny_model.ts";

test("a disposed model refuses work and names itself", async () => {
  const model = await tinyModel();
  model.dispose();
  model.dispose();
  expect(model.disposed).toBe(true);
  await expect(model.forward(tinyBatch())).rejects.toMatchObject({
    code: "ESTATE",
    message: /model is disposed/,
  });
  expect(() => new AdamW(model)).toThrow(TorchnerError);
});

test("disposing during work lets the work finish", async () => {
  const model = await tinyModel();
  const running = model.forward(tinyBatch());
  model.dispose();
  using out = await running;
  expect(await out.loss!.item()).toBeGreaterThan(0);
});

test("a tensor's second backward says why it cannot be", async () => {
  using model = (await tinyModel()).train();
  using out = await model.forward(tinyBatch());
  await out.loss!.backward();
  await expect(out.loss!.backward()).rejects.toMatchObject({ code: "ESTATE" });
});

test("backward without a graph is refused", async () => {
  using model = await tinyModel();
  using out = await model.forward(tinyBatch());
  await expect(out.loss!.backward()).rejects.toMatchObject({
    code: "ESTATE",
    message: expect.stringContaining("train mode"),
  });
});

test("handles cannot be made from JavaScript, nor taken for one another", async () => {
  const addon = native() as unknown as Record<string, new (...args: unknown[]) => unknown>;
  for (const name of ["Tensor", "Model", "Tokenizer"])
    expect(() => new addon[name]!()).toThrow(TorchnerError);
  using model = await tinyModel();
  using out = await model.forward(tinyBatch());
  expect(() => new addon.AdamW!(out.loss)).toThrow(/model: expected a Model/);
  const forward = (model.native as unknown as { forward: () => unknown }).forward;
  expect(() => forward.call(out.loss)).toThrow(/Illegal invocation/);
});

const wrongValues: [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["a boolean", true],
  ["a number", 1.5],
  ["NaN", Number.NaN],
  ["a bigint", 10n],
  ["a string", "/no/such/folder/file"],
  ["a symbol", Symbol("s")],
  ["a function", () => 1],
  ["an array", [1, 2]],
  ["an object", { shape: 3 }],
  ["a Float64Array", new Float64Array(3)],
  ["a DataView", new DataView(new ArrayBuffer(8))],
  ["a proxy", new Proxy({}, {})],
];

describe.each(wrongValues)("given %s", (_, value) => {
  test("every export throws or rejects, and the process lives", async () => {
    const addon = native() as unknown as Record<string, (...args: unknown[]) => unknown>;
    using model = await tinyModel();
    const handle = model.native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const optimizer = new (native().AdamW)(model.native) as unknown as typeof handle;
    using out = await model.forward(tinyBatch());
    const tensor = out.logits as unknown as typeof handle;
    const calls: [string, () => unknown][] = [
      ...[
        "init",
        "loadModel",
        "setNumThreads",
        "manualSeed",
        "setRngState",
        "loadTokenizer",
        "loadWordPiece",
      ].map((name): [string, () => unknown] => [name, () => addon[name]!(value, value)]),
      ["new AdamW", () => new (addon.AdamW as unknown as new (...args: unknown[]) => unknown)(value, value)],
      ...["forward", "parameter", "gradient", "save", "loadWeights"].map((name): [string, () => unknown] => [
        `Model.${name}`,
        () => handle[name]!(value, value),
      ]),
      ...["clipGradNorm", "step", "save", "load"].map((name): [string, () => unknown] => [
        `AdamW.${name}`,
        () => optimizer[name]!(value),
      ]),
      ...["add", "mul", "div", "crossEntropy"].map((name): [string, () => unknown] => [
        `Tensor.${name}`,
        () => tensor[name]!(value, value),
      ]),
    ];
    // These are right, if odd: a number scales a tensor or is a rate, and a name is a name.
    const allowed = new Set(["Tensor.add", "Tensor.mul", "Tensor.div", "AdamW.clipGradNorm", "AdamW.step"]);
    for (const [name, call] of calls) {
      const outcome = await Promise.resolve()
        .then(call)
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      if (outcome === undefined && typeof value === "number" && allowed.has(name)) continue;
      expect([name, outcome]).toEqual([name, expect.any(TorchnerError)]);
      expect((outcome as TorchnerError).code).toMatch(/^E(ARG|CHECKPOINT|IO|DATA)$/);
    }
  });
});

describe("an option getter that disposes the handle it is read for", () => {
  test("does not harm a new optimizer", async () => {
    const model = await tinyModel();
    const options = {
      get eps() {
        model.dispose();
        return 1e-8;
      },
    };
    new (native().AdamW)(model.native, options).dispose();
    expect(model.disposed).toBe(true);
  });

  test("does not harm a forward pass", async () => {
    const model = await tinyModel();
    const options = {
      get training() {
        model.dispose();
        return false;
      },
    };
    const { logits } = await model.native.forward(tinyBatch(), options);
    expect(logits.shape).toEqual([4, 12, 5]);
  });
});

test("the getter of a prototype is undefined there, and harmless", () => {
  const handle = (native() as unknown as Record<string, { prototype: object }>).Model!;
  expect((handle.prototype as { disposed?: boolean }).disposed).toBeUndefined();
});

test("a tensor that cannot take an operation says so as an argument's fault", async () => {
  using model = await tinyModel();
  using out = await model.forward(tinyBatch());
  using best = await out.logits.argmax();
  using other = await (await model.forward(tinyBatch([3]))).logits.detach();
  await expect(best.softmax()).rejects.toMatchObject({ code: "EARG" });
  await expect(out.logits.add(other)).rejects.toMatchObject({ code: "EARG" });
  const labels = new Int32Array(48);
  await expect(out.logits.crossEntropy(labels, { ignoreIndex: 0.5 })).rejects.toMatchObject({ code: "EARG" });
  await expect(best.crossEntropy(labels)).rejects.toMatchObject({ code: "EARG" });
});

test("a batch without a real token is refused", async () => {
  using model = await tinyModel();
  const batch = { ...tinyBatch(), attentionMask: new Int32Array(48), labels: undefined };
  await expect(model.forward(batch)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("no real token"),
  });
});

test("a generator's state that is none is refused before libtorch reads past it", async () => {
  const state = await native().getRngState();
  await expect(native().setRngState(new Uint8Array(state.length))).rejects.toMatchObject({ code: "EARG" });
  const hostile = state.slice();
  new DataView(hostile.buffer).setInt32(8, 624, true); // left
  new DataView(hostile.buffer).setBigUint64(16, 624n, true); // next: past the 624 words when they are used up
  await expect(native().setRngState(hostile)).rejects.toMatchObject({ code: "EARG" });
  await native().setRngState(state);
  expect(await native().getRngState()).toEqual(state);
});
