import { pipeline } from "../../../lib/pipeline/ner.ts";
import { fakeModel, fakeTokenizer } from "./fakes.ts";

const tokenizer = fakeTokenizer();

test("one text gives one array of pieces, whose index counts [CLS]", async () => {
  const ner = await pipeline("ner", fakeModel().model, { tokenizer });
  const entities = await ner("x A_ 7");
  expect(entities.map(({ score, ...rest }) => rest)).toEqual([
    { entity: "B-PER", index: 2, word: "A", start: 2, end: 3 },
    { entity: "I-PER", index: 3, word: "_", start: 3, end: 4 },
    { entity: "B-LOC", index: 4, word: "7", start: 5, end: 6 },
  ]);
  expect(entities[0]!.score).toBeCloseTo(Math.exp(3) / (Math.exp(3) + 3), 6);
});

test("simple gives groups with their slice of the text", async () => {
  const ner = await pipeline("token-classification", fakeModel().model, {
    tokenizer,
    aggregationStrategy: "simple",
  });
  const [first, second] = await ner("x A_ _ 7");
  expect(first).toMatchObject({ entity_group: "PER", word: "A_ _", start: 2, end: 6 });
  expect(second).toMatchObject({ entity_group: "LOC", word: "7", start: 7, end: 8 });
});

test("texts keep their order while batches are formed by length", async () => {
  const { model, seen } = fakeModel();
  const ner = await pipeline("ner", model, { tokenizer, batchSize: 2, ignoreLabels: [] });
  const texts = ["A", "b c d e f", "", "1 2 3", "xy", " "];
  const results = await ner(texts);
  expect(results.map((entities) => entities.map(({ word }) => word).join(""))).toEqual([
    "A",
    "bcdef",
    "",
    "123",
    "xy",
    "",
  ]);
  expect(seen.shapes).toEqual([
    [2, 7],
    [2, 4],
  ]);
  expect(seen.open).toBe(0);
});

test("prediction asks for neither dropout nor a graph", async () => {
  const { model, seen } = fakeModel();
  await (await pipeline("ner", model, { tokenizer }))("A");
  expect(seen.options).toEqual([{ training: false, grad: false }]);
});

test("empty input gives empty results", async () => {
  const { model, seen } = fakeModel();
  const ner = await pipeline("ner", model, { tokenizer });
  expect(await ner("")).toEqual([]);
  expect(await ner([])).toEqual([]);
  expect(await ner(["", " "])).toEqual([[], []]);
  expect(seen.shapes).toEqual([]);
});

test("a text over the limit is covered to its end, with the same results", async () => {
  const text = Array.from({ length: 400 }, (_, i) => (i % 7 === 0 ? `Name_${i}` : "word")).join(" ");
  const whole = await pipeline("ner", fakeModel().model, { tokenizer });
  const { model, seen } = fakeModel({ positions: 32 });
  const limited = await pipeline("ner", model, { tokenizer: fakeTokenizer(64), stride: 10 });
  expect(await limited(text)).toEqual(await whole(text));
  expect(Math.max(...seen.shapes.map(([, width]) => width!))).toBe(32);
});

test("words in give offsets into the words joined by blanks", async () => {
  const ner = await pipeline("ner", fakeModel().model, {
    tokenizer,
    aggregationStrategy: "simple",
    isSplitIntoWords: true,
  });
  const entities = await ner(["in", "~", "A_", "_"]);
  expect(entities).toMatchObject([{ entity_group: "PER", word: "A_ _", start: 5, end: 9 }]);
  expect(await ner([["x"], [], ["7"]])).toMatchObject([[], [], [{ word: "7" }]]);
  expect(await ner([])).toEqual([]);
});

test("a failed forward pass leaves nothing open", async () => {
  const { model, seen } = fakeModel({ fail: true });
  const ner = await pipeline("ner", model, { tokenizer });
  await expect(ner("A")).rejects.toThrow("reading back failed");
  expect(seen.open).toBe(0);
});

test("a disposed pipeline says so, and the caller's model stays", async () => {
  const { model } = fakeModel();
  const disposed: string[] = [];
  const ner = await pipeline("ner", Object.assign(model, { dispose: () => disposed.push("model") }), {
    tokenizer,
  });
  ner.dispose();
  ner.dispose();
  await expect(ner("A")).rejects.toMatchObject({ code: "ESTATE" });
  expect(disposed).toEqual([]);
});

test.each([
  [undefined],
  [null],
  [7],
  [{}],
  [["a", 7]],
  [[["a"]]],
  [new Uint8Array(2)],
])("input %p is refused", async (input) => {
  const ner = await pipeline("ner", fakeModel().model, { tokenizer });
  await expect(ner(input as never)).rejects.toMatchObject({ code: "EARG" });
});

test("a text where words were promised is refused", async () => {
  const ner = await pipeline("ner", fakeModel().model, { tokenizer, isSplitIntoWords: true });
  await expect(ner("A b" as never)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("an array of words"),
  });
});

test.each([
  ["nerr", "did you mean ner?"],
  ["token_classification", "did you mean token-classification?"],
  ["translation", '"ner"'],
])("task %s is refused with the known ones", async (task, hint) => {
  await expect(pipeline(task as never, fakeModel().model, { tokenizer })).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining(hint),
  });
});

test.each([
  ["an unknown option", { aggregation_strategy: "simple" }, "aggregationStrategy"],
  ["an unknown strategy", { aggregationStrategy: "simpel" }, "did you mean simple?"],
  ["a batch size of none", { batchSize: 0 }, "batchSize"],
  ["an unknown dtype", { dtype: "int4" }, "dtype"],
  ["a dtype for a model that is loaded", { dtype: "int8" }, "packForInference"],
  ["a negative stride", { stride: -1 }, "stride"],
  ["labels that are no array", { ignoreLabels: "O" }, "ignoreLabels"],
  ["a device for a loaded model", { device: "cpu" }, "device"],
  ["a tokenizer that is none", { tokenizer: {} }, "tokenizer"],
])("%s is refused by name", async (_, options, name) => {
  const call = pipeline("ner", fakeModel().model, { tokenizer, ...options } as never);
  await expect(call).rejects.toMatchObject({ code: "EARG", message: expect.stringContaining(name) });
});

test("a loaded model needs its tokenizer", async () => {
  await expect(pipeline("ner", fakeModel().model)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("tokenizer is required"),
  });
});

test.each([[undefined], [null], [""], [3], [{}]])("model %p is refused", async (model) => {
  await expect(pipeline("ner", model as never, { tokenizer })).rejects.toMatchObject({ code: "EARG" });
});

describe("a stream of texts", () => {
  async function collect<T>(results: AsyncIterable<T[]>): Promise<T[][]> {
    const all: T[][] = [];
    for await (const one of results) all.push(one);
    return all;
  }

  test.each(["an async generator", "a generator", "a set"])("%s gives results in its order", async (kind) => {
    const texts = Array.from({ length: 700 }, (_, i) => `x${"_".repeat(i % 5)} A${i}`);
    async function* later() {
      yield* texts;
    }
    const source = { "an async generator": later(), "a generator": texts.values(), "a set": new Set(texts) }[
      kind
    ]!;
    using ner = await pipeline("ner", fakeModel().model, { tokenizer, batchSize: 2 });
    expect(await collect(ner(source))).toEqual(await ner(texts));
  });

  test("an element that is no text is refused, after the results of those before it", async () => {
    async function* texts() {
      yield "A";
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield 3 as unknown as string;
    }
    using ner = await pipeline("ner", fakeModel().model, { tokenizer });
    const results = ner(texts());
    expect((await results.next()).value).toHaveLength(1);
    await expect(results.next()).rejects.toMatchObject({ code: "EARG" });
  });
});

test("words are joined by the delimiter, which may be empty", async () => {
  using ner = await pipeline("ner", fakeModel().model, {
    ...{ tokenizer, isSplitIntoWords: true, delimiter: "", aggregationStrategy: "simple" },
  });
  expect(await ner(["x", "A", "_", "7"])).toMatchObject([
    { word: "A_", start: 1, end: 3 },
    { word: "7", start: 3, end: 4 },
  ]);
  await expect(pipeline("ner", fakeModel().model, { tokenizer, delimiter: " " })).rejects.toMatchObject({
    code: "EARG",
  });
});
