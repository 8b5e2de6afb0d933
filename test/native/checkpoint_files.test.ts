/** Files that do not fit, and configurations that no model has: refused whole, with the model unharmed. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { setNumThreads } from "../../lib/model/runtime.ts";
import { readSafetensors, safetensorsBytes } from "../support/safetensors.ts";
import { parametersOf, tinyConfig, tinyLabels, tinyModel } from "./tiny_model.ts";

let folder: string;
beforeEach(async () => {
  await setNumThreads(1);
  folder = await mkdtemp(join(tmpdir(), "torchner-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Rewrites the header of a saved model; the data stays as it is. */
async function editHeader(edit: (header: string) => string): Promise<void> {
  const path = join(folder, "model.safetensors");
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = Buffer.from(edit(bytes.subarray(8, 8 + length).toString()));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  await writeFile(path, Buffer.concat([prefix, header, bytes.subarray(8 + length)]));
}

test("weights come back bit for bit, and the file replaces the older one whole", async () => {
  using model = await tinyModel();
  await model.savePretrained(folder);
  await model.savePretrained(folder);
  using loaded = await AutoModelForTokenClassification.fromPretrained(folder);
  expect(await parametersOf(loaded)).toEqual(await parametersOf(model));
  expect(loaded.loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
  expect((await readdir(folder)).sort()).toEqual(["config.json", "model.safetensors"]);
});

describe("weights in several files", () => {
  /** What Python's `max_shard_size` makes of a folder: the tensors dealt out to files, and their index. */
  async function split(files: number): Promise<string[]> {
    const whole = join(folder, "model.safetensors");
    const tensors = [...readSafetensors(whole)];
    const names = Array.from({ length: files }, (_, i) => `model-0000${i + 1}-of-0000${files}.safetensors`);
    for (const [i, name] of names.entries()) {
      const part = tensors.filter((_, at) => at % files === i);
      await writeFile(join(folder, name), safetensorsBytes(new Map(part)));
    }
    const map = Object.fromEntries(tensors.map(([name], at) => [name, names[at % files]]));
    await writeFile(`${whole}.index.json`, JSON.stringify({ metadata: {}, weight_map: map }));
    await rm(whole);
    return names;
  }

  test("come back bit for bit", async () => {
    using model = await tinyModel();
    await model.savePretrained(folder);
    await split(3);
    using loaded = await AutoModelForTokenClassification.fromPretrained(folder);
    expect(await parametersOf(loaded)).toEqual(await parametersOf(model));
    expect(loaded.loadReport).toEqual({ missing: [], unexpected: [], mismatched: [] });
  });

  test("are refused by name where one is missing or lies elsewhere", async () => {
    using model = await tinyModel();
    await model.savePretrained(folder);
    const [first] = await split(2);
    await rm(join(folder, first!));
    const loading = () => AutoModelForTokenClassification.fromPretrained(folder);
    await expect(loading()).rejects.toMatchObject({
      code: "ECHECKPOINT",
      message: expect.stringContaining(first!),
    });
    const index = join(folder, "model.safetensors.index.json");
    await writeFile(index, JSON.stringify({ weight_map: { a: "../model.safetensors" } }));
    await expect(loading()).rejects.toMatchObject({ code: "ECHECKPOINT" });
  });
});

test.each([
  ["a dtype that is no float", (header: string) => header.replace('"dtype":"F32"', '"dtype":"U32"'), /U32/],
  [
    "a name that is not the model's",
    (header: string) => header.replace("classifier.bias", "classifier.bIas"),
    /bIas/,
  ],
])("loading %s changes nothing", async (_, edit, message) => {
  using model = await tinyModel();
  await model.savePretrained(folder);
  await editHeader(edit);
  using other = await AutoModelForTokenClassification.fromConfig(tinyConfig, { labels: tinyLabels });
  const before = await parametersOf(other);
  await expect(other.loadWeights(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(message),
  });
  expect(await parametersOf(other)).toEqual(before);
});

test.each([
  ["cut off", (header: string) => header.slice(0, -9)],
  ["with a gap", (header: string) => header.replace(/"data_offsets":\[0,(\d+)\]/, '"data_offsets":[4,$1]')],
  ["with a name twice", (header: string) => header.replace("classifier.bias", "classifier.weight")],
])("a header %s is refused", async (_, edit) => {
  using model = await tinyModel();
  await model.savePretrained(folder);
  await editHeader(edit);
  await expect(AutoModelForTokenClassification.fromPretrained(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("model.safetensors: not a valid safetensors file"),
  });
});

test("a truncated file is refused", async () => {
  using model = await tinyModel();
  await model.savePretrained(folder);
  const path = join(folder, "model.safetensors");
  await writeFile(path, (await readFile(path)).subarray(0, -100));
  await expect(AutoModelForTokenClassification.fromPretrained(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("truncated?"),
  });
});

test("a save that fails leaves no part of a file, nor does a path with a NUL reach another file", async () => {
  using model = await tinyModel();
  await expect(model.native.save(folder)).rejects.toMatchObject({ code: "EIO" });
  expect(
    (await readdir(join(folder, ".."))).filter(
      (name) => `${join(folder, "..", name)}` === `${folder}.partial`,
    ),
  ).toEqual([]);
  const victim = join(folder, "victim");
  await writeFile(victim, "precious");
  await expect(model.native.save(`${victim}\0zzz`)).rejects.toMatchObject({ code: "EARG" });
  expect(await readFile(victim, "utf8")).toBe("precious");
});

test.each([
  ["num_hidden_layers", 2_000_000_000],
  ["intermediate_size", 0],
  ["hidden_size", [16]],
  ["layer_norm_eps", -1],
  ["initializer_range", Number.NaN],
  ["num_attention_heads", 5],
  ["hidden_act", "swish"],
  ["pad_token_id", 100],
])("%s %p in config.json is refused before anything is allocated", async (key, value) => {
  const config = { ...tinyConfig, [key]: value };
  await expect(
    AutoModelForTokenClassification.fromConfig(config, { labels: tinyLabels }),
  ).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("config.json"),
  });
});

test("only the word table has a padding row", async () => {
  const config = { ...tinyConfig, vocab_size: 64, max_position_embeddings: 64 };
  using model = await AutoModelForTokenClassification.fromConfig(config, { labels: tinyLabels });
  const values = await parametersOf(model);
  const firstRow = (name: string) => [
    ...values.get(`bert.embeddings.${name}_embeddings.weight`)!.slice(0, 32),
  ];
  expect(firstRow("word").every((value) => value === 0)).toBe(true);
  expect(firstRow("position").every((value) => value === 0)).toBe(false);
});
