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
  await expect(out.loss!.backward()).rejects.toBeInstanceOf(TorchnerError);
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
