/** pytorch_model.bin: read without running anything, or refused. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { setNumThreads } from "../../lib/model/runtime.ts";
import type { TorchnerError } from "../../lib/native/errors.ts";
import { patience } from "../support/shared.ts";
import {
  call,
  type SavedTensor,
  statePickle,
  text,
  torchFile,
  wholeTensor,
  zip,
} from "../support/torch_file.ts";
import { parametersOf, tinyModel } from "./tiny_model.ts";

jest.setTimeout(120_000 * patience);

let folder: string;
let file: string;
let tensors: Map<string, SavedTensor>;
let expected: Map<string, Float32Array>;
beforeEach(async () => {
  await setNumThreads(1);
  folder = await mkdtemp(join(tmpdir(), "torchner-torch-"));
  file = join(folder, "pytorch_model.bin");
  using model = await tinyModel();
  await model.savePretrained(folder);
  await rm(join(folder, "model.safetensors"));
  expected = await parametersOf(model);
  tensors = new Map();
  for (const [name, values] of expected) {
    using parameter = await model.getParameter(name);
    tensors.set(name, wholeTensor(values, parameter.shape, String(tensors.size)));
  }
});
afterEach(() => rm(folder, { recursive: true }));

async function load(content: Buffer) {
  await writeFile(file, content);
  using model = await AutoModelForTokenClassification.fromPretrained(folder);
  return { parameters: await parametersOf(model), report: model.loadReport };
}

async function refusal(content: Buffer): Promise<TorchnerError> {
  return load(content).then(
    () => Promise.reject(new Error("it was read")),
    (error) => error,
  );
}

test("a state dict comes back bit for bit", async () => {
  const { parameters, report } = await load(torchFile(tensors));
  expect(parameters).toEqual(expected);
  expect(report).toEqual({ missing: [], unexpected: [], mismatched: [] });
});

test("views of a storage that several tensors share are taken by offset and strides", async () => {
  const name = "classifier.weight"; // 5 x 32, here stored transposed behind the bias
  const [weight, bias] = [expected.get(name)!, expected.get("classifier.bias")!];
  const storage = new Float32Array(bias.length + weight.length);
  storage.set(bias);
  for (let row = 0; row < 5; row++)
    for (let column = 0; column < 32; column++) storage[5 + column * 5 + row] = weight[row * 32 + column]!;
  tensors.set("classifier.bias", { storage, key: "shared", offset: 0, shape: [5], strides: [1] });
  tensors.set(name, { storage, key: "shared", offset: 5, shape: [5, 32], strides: [1, 5] });
  expect((await load(torchFile(tensors))).parameters).toEqual(expected);
});

test.each([
  "posix.system",
  "builtins.exec",
  "os.system",
  "torch.load",
])("a pickle that would call %s is refused by that name, and nothing is called", async (name) => {
  const planted = join(folder, "planted");
  const attack = Buffer.concat([call(name, text(`touch ${planted}`)), Buffer.from("0")]);
  const { code, message } = await refusal(torchFile(tensors, statePickle(tensors, attack)));
  expect([code, message]).toEqual(["ECHECKPOINT", expect.stringContaining(`asks to run ${name}`)]);
  expect(message).toContain(file);
  expect(existsSync(planted)).toBe(false);
});

describe("what does not fit is refused with the file's name", () => {
  const changed = (change: Partial<SavedTensor>) =>
    torchFile(new Map([...tensors, ["classifier.bias", { ...tensors.get("classifier.bias")!, ...change }]]));

  /** The dict's items are added to it once more. */
  const twice = (pickle: Buffer) => {
    const items = pickle.indexOf("(tR(") + 3;
    return Buffer.concat([pickle.subarray(0, -1), pickle.subarray(items)]);
  };

  test.each<[string, () => Buffer, RegExp]>([
    [
      "a tensor behind its storage",
      () => changed({ offset: 1 }),
      /classifier\.bias' does not fit its storage/,
    ],
    ["a stride out of the storage", () => changed({ strides: [2 ** 30] }), /does not fit its storage/],
    [
      "more elements than there are",
      () => changed({ shape: [2 ** 30, 2 ** 30], strides: [0, 0] }),
      /does not fit/,
    ],
    ["a negative stride", () => changed({ strides: [-1] }), /negative size or stride/],
    ["a storage that is not there", () => torchFile(new Map(), statePickle(tensors)), /lacks the storage of/],
    ["compression", () => zip(new Map([["a/data.pkl", statePickle(tensors)]]), 8), /compressed/],
    ["no list of tensors", () => zip(new Map([["a/b", Buffer.from("x")]])), /without data\.pkl/],
    [
      "a pickle without a dict",
      () => torchFile(new Map(), Buffer.from([0x80, 2, 0x4e, 0x2e])),
      /no state dict/,
    ],
    [
      "the format before torch 1.6",
      () => Buffer.from("\x80\x02\x8a\x0al\xfc", "latin1"),
      /bare pickle.*1\.6/,
    ],
    [
      "a name that stands twice",
      () => torchFile(tensors, twice(statePickle(tensors))),
      /holds 'bert\..*' twice/,
    ],
    [
      "a storage's name that each tensor would copy",
      () => changed({ key: "k".repeat(256) }),
      /storage with too long a name/,
    ],
    ["a file that breaks off", () => torchFile(tensors).subarray(0, 9000), /truncated/],
  ])("%s", async (_, content, message) => {
    const error = await refusal(content());
    expect(error).toMatchObject({ code: "ECHECKPOINT", message: expect.stringMatching(message) });
    expect(error.message).toContain(file);
  });

  test("a weight that was changed", async () => {
    const bytes = torchFile(tensors);
    const name = [...tensors.keys()][3]!;
    bytes[bytes.indexOf(Buffer.from(tensors.get(name)!.storage.buffer)) + 6]! ^= 1;
    expect((await refusal(bytes)).message).toMatch(/data\/3' has another content than was written/);
  });
});

test("a thousand random changes are refused, or change nothing", async () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const whole = torchFile(tensors);
  const listed = whole.indexOf("PK\x01\x02"); // most changes belong where the structure is
  let refused = 0;
  for (let i = 0; i < 1000; i++) {
    const bytes = Buffer.from(whole);
    const pickle = statePickle(tensors).length;
    const at = [random(bytes.length), 30 + random(pickle), listed + random(bytes.length - listed)][i % 3]!;
    bytes[at] = random(256);
    try {
      const { parameters, report } = await load(bytes);
      if (report.missing.length === 0) expect(parameters).toEqual(expected);
    } catch (error) {
      expect(error).toMatchObject({ name: "TorchnerError", code: "ECHECKPOINT" });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(500);
});
