import fc from "fast-check";
import { tagWords } from "../../../lib/pipeline/tag_words.ts";
import { fakeModel, fakeTokenizer } from "./fakes.ts";

test("a word's tag is that of its first piece", async () => {
  const { model } = fakeModel();
  expect(await tagWords(model, fakeTokenizer(), [["Ann_", "_x", "b4", "4b"]])).toEqual([
    { tags: ["B-PER", "I-PER", "O", "B-LOC"], skipped: 0 },
  ]);
});

test("valid tags: what goes on with an entity that never began is none, a word without pieces included", async () => {
  const { model } = fakeModel();
  const sentences = [
    ["x", "_"],
    ["A", "_"],
    ["A", "~", "_"],
  ];
  const tags = async (validTags: boolean) =>
    (await tagWords(model, fakeTokenizer(), sentences, { validTags })).map((one) => one.tags.join(" "));
  expect(await tags(false)).toEqual(["O I-PER", "B-PER I-PER", "B-PER O I-PER"]);
  for (const found of await tags(true)) expect(found).not.toMatch(/^(?:.* )?O I-PER/);
  expect((await tags(true))[1]).toBe("B-PER I-PER");
});

test("a word with no pieces is tagged O and counted", async () => {
  const { model } = fakeModel();
  expect(await tagWords(model, fakeTokenizer(), [["Ann", "~", "", "Bob"], ["~~"], []])).toEqual([
    { tags: ["B-PER", "O", "O", "B-PER"], skipped: 2 },
    { tags: ["O"], skipped: 1 },
    { tags: [], skipped: 0 },
  ]);
});

test("a sentence over the model's limit is tagged to its end, in windows", async () => {
  const { model, seen } = fakeModel({ positions: 6 });
  expect(await tagWords(model, fakeTokenizer(100), [["Ab", "Cde", "F", "4", "G"]])).toEqual([
    { tags: ["B-PER", "B-PER", "B-PER", "B-LOC", "B-PER"], skipped: 0 },
  ]);
  expect(seen.shapes.every(([, width]) => width === 6)).toBe(true);
  expect(await tagWords(model, fakeTokenizer(), [["A", "B", "C"]], { maxLength: 4 })).toEqual([
    { tags: ["B-PER", "B-PER", "B-PER"], skipped: 0 },
  ]);
});

test("sentences that have nothing to see cost no forward pass", async () => {
  const { model, seen } = fakeModel();
  expect(await tagWords(model, fakeTokenizer(), [])).toEqual([]);
  await tagWords(model, fakeTokenizer(), [[], ["~"]]);
  expect(seen.shapes).toEqual([]);
});

test("batching changes neither order nor tags", async () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_~]{0,4}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (sentences, batchSize) => {
        const { model, seen } = fakeModel();
        const together = await tagWords(model, fakeTokenizer(), sentences, { batchSize });
        const alone = [];
        for (const one of sentences) alone.push(...(await tagWords(model, fakeTokenizer(), [one])));
        expect(together).toEqual(alone);
        expect(together.map(({ tags }) => tags.length)).toEqual(sentences.map(({ length }) => length));
        expect(seen.open).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

test.each([[0], [1.5], ["8"], [null]])("batch size %p is refused", async (batchSize) => {
  const { model } = fakeModel();
  await expect(
    tagWords(model, fakeTokenizer(), [["A"]], { batchSize: batchSize as number }),
  ).rejects.toMatchObject({ code: "EARG" });
});
