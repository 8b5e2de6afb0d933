import { inspect } from "node:util";
import { Dataset, DatasetDict } from "../../../lib/data/dataset.ts";

const letters = new Dataset(["a", "b", "c"]);

test("a dataset is indexed, iterated, cut and mapped like an array", () => {
  expect(letters).toHaveLength(3);
  expect([letters.at(0), letters.at(-1)]).toEqual(["a", "c"]);
  expect([...letters]).toEqual(["a", "b", "c"]);
  expect([...letters.slice(0, 2)]).toEqual(["a", "b"]);
  expect([...letters.slice(0, 99)]).toEqual(["a", "b", "c"]);
  expect([...letters.map((letter, i) => letter + i)]).toEqual(["a0", "b1", "c2"]);
});

test("console.log shows how many items there are, and the first", () => {
  expect(inspect(letters)).toBe("Dataset { length: 3, first: 'a' }");
  expect(inspect(new Dataset([]))).toBe("Dataset { length: 0, first: undefined }");
});

test.each([3, -4, 0.5, Number.NaN, "1" as never])("index %p is refused", (index) => {
  expect(() => letters.at(index)).toThrow(expect.objectContaining({ code: "EARG" }));
});

test("map encodes each split with the labels of the whole", async () => {
  const train = [{ tokens: ["Anna"], nerTags: ["B-PER"] }];
  const data = new DatasetDict({ train, test: [{ tokens: ["x", "y"] }] });
  const calls: unknown[] = [];
  const encoded = await data.map(async (examples, labels) => {
    calls.push([examples.map(({ tokens }) => tokens), labels]);
    return examples.map(({ tokens }) => ({ inputIds: new Int32Array(tokens.length) }) as never);
  });
  expect(calls).toEqual([
    [[["Anna"]], ["B-PER"]],
    [[["x", "y"]], ["B-PER"]],
  ]);
  expect(encoded.labels).toEqual(["B-PER"]);
  expect(encoded.train!.at(0).inputIds).toHaveLength(1);
  expect(encoded.test!.at(0).inputIds).toHaveLength(2);
  expect(encoded).not.toHaveProperty("validation");
  await expect(data.map("encode" as never)).rejects.toThrow(/map takes a function/);
});
