import fc from "fast-check";
import { splitExamples } from "../../../lib/data/split.ts";
import type { Example } from "../../../lib/data/types.ts";

const options = { shares: [0.8, 0.1, 0.1], seed: 42, scheme: "IOB2" as const };

/** Sentence i has a PER; every tenth also has the rare MISC. */
const examples: Example[] = Array.from({ length: 1000 }, (_, i) => ({
  tokens: [`name${i}`, "and", `thing${i}`],
  nerTags: ["B-PER", "O", i % 10 === 0 ? "B-MISC" : "O"],
}));
const rare = (part: readonly number[]) => part.filter((i) => i % 10 === 0).length;

test("parts have their sizes, and the rare type in the same share", () => {
  const parts = splitExamples(examples, options);
  expect(parts.map(({ length }) => length)).toEqual([800, 100, 100]);
  expect(parts.map(rare)).toEqual([80, 10, 10]);
});

test("the same seed divides the same way, another one otherwise; order is the data's", () => {
  const [train] = splitExamples(examples, options);
  expect(splitExamples(examples, options)[0]).toEqual(train);
  expect(splitExamples(examples, { ...options, seed: 1 })[0]).not.toEqual(train);
  expect(train).toEqual([...train!].sort((a, b) => a - b));
});

test("every sentence is in one part, and its repetitions are with it", () => {
  const few = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(few, fc.integer({ min: 0, max: 99 }), (words, seed) => {
      const data = words.map((token) => ({ tokens: [token], nerTags: [token < "c" ? "B-X" : "O"] }));
      const parts = splitExamples(data, { shares: [2, 1, 1], seed, scheme: "IOB2" });
      expect(parts.flat().sort((a, b) => a - b)).toEqual([...words.keys()]);
      const homes = parts.map((part) => new Set(part.map((i) => words[i])));
      for (const word of new Set(words)) expect(homes.filter((home) => home.has(word))).toHaveLength(1);
    }),
  );
});

test("documents stay together where they are marked", () => {
  const marked = examples.map((one, i) => ({
    ...one,
    source: { file: "x", line: i, document: 1 + Math.floor(i / 50) },
  }));
  const parts = splitExamples(marked, options);
  const documents = parts.map((part) => new Set(part.map((i) => marked[i]!.source.document)));
  expect(documents.map(({ size }) => size)).toEqual([16, 2, 2]);
});

test.each([[[0, 0]], [[-1, 2]], [[Number.NaN, 1]]])("shares %j are refused", (shares) => {
  expect(() => splitExamples(examples, { ...options, shares })).toThrow(
    expect.objectContaining({ code: "EARG" }),
  );
});
