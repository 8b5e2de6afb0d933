import fc from "fast-check";
import { alignLabels, makeAlign, skippedWords } from "../../../lib/tokenization/align.ts";

const ids = (...values: number[]) => Int32Array.from(values);
// WNUT-17's order: sorted, so that no arithmetic on ids leads from B- to I-.
const labels = ["B-corporation", "B-person", "I-corporation", "I-person", "O"];

// [CLS] word 0 in three pieces, word 1 in one, word 2 (O) in two [SEP] [PAD]
const wordIds = ids(-1, 0, 0, 0, 1, 2, 2, -1, -1);
const wordLabels = ids(1, 3, 4);

test.each([
  ["first", [-100, 1, -100, -100, 3, 4, -100, -100, -100]],
  ["all", [-100, 1, 1, 1, 3, 4, 4, -100, -100]],
  ["all-b-to-i", [-100, 1, 3, 3, 3, 4, 4, -100, -100]],
] as const)("strategy %s", (strategy, expected) => {
  expect([...alignLabels(wordIds, wordLabels, { strategy, labels })]).toEqual(expected);
});

test("the first piece alone is the default", () => {
  expect(alignLabels(wordIds, wordLabels, { labels })).toEqual(
    alignLabels(wordIds, wordLabels, { labels, strategy: "first" }),
  );
});

test.each([
  ["B-X without an I-X stays B-X", ["B-X", "O"], [0, 0]],
  ["only the prefix B- is turned", ["BX", "I-X"], [0, 0]],
  ["the type is the whole rest of the name", ["B-a-b", "I-a-b", "I-a"], [0, 1]],
  ["I-X before B-X in the list", ["I-X", "B-X"], [0, 0]],
])("%s", (_, names, expected) => {
  expect([...alignLabels(ids(0, 0), ids(0), { strategy: "all-b-to-i", labels: names })]).toEqual(expected);
});

test("a word without a label gives none to its pieces", () => {
  const align = makeAlign({ strategy: "all", labels });
  expect([...align(ids(-1, 0, 0, 1, -1), ids(-100, 4))]).toEqual([-100, -100, -100, 4, -100]);
});

test("words without a piece are skipped over and told", () => {
  const example = { wordIds: ids(-1, 0, 2, 2, -1, -1), wordLabels: ids(4, 1, 4, 3, 4) };
  expect([...alignLabels(example.wordIds, example.wordLabels, { labels })]).toEqual([
    -100, 4, 4, -100, -100, -100,
  ]);
  expect([...skippedWords(example)]).toEqual([1, 3, 4]);
  expect([...skippedWords({ wordIds: ids(-1, 0, -1), wordLabels: ids(4) })]).toEqual([]);
});

test.each([
  ["a piece of a word that has no entry", ids(0, 1), ids(4), /piece 1 belongs to word 1, but .* 1 words/],
  ["a label id beyond the labels", ids(0), ids(5), /word 0 has label id 5; give an id from 0 to 4/],
  ["a negative label id that is not -100", ids(0), ids(-1), /word 0 has label id -1/],
])("refuses %s", (_, pieces, words, message) => {
  const run = () => alignLabels(pieces, words, { labels });
  expect(run).toThrow(message);
  expect(run).toThrow(expect.objectContaining({ code: "EARG" }));
});

describe("for any sentence", () => {
  /** Pieces per word (0 = dropped by the tokenizer) and its label; special tokens at both ends. */
  const sentence = fc
    .array(fc.tuple(fc.nat(4), fc.nat(labels.length - 1)), { minLength: 1, maxLength: 20 })
    .map((words) => ({
      words,
      wordLabels: Int32Array.from(words, ([, label]) => label),
      wordIds: ids(-1, ...words.flatMap(([pieces], word) => Array<number>(pieces).fill(word)), -1, -1),
    }));

  test("the word labels can be read back from first pieces, and the rest are the skipped words", () => {
    fc.assert(
      fc.property(sentence, fc.constantFrom("first", "all", "all-b-to-i"), (example, strategy) => {
        const aligned = alignLabels(example.wordIds, example.wordLabels, { strategy, labels });
        const skipped = new Set(skippedWords(example));
        for (const [word, label] of example.wordLabels.entries()) {
          const first = example.wordIds.indexOf(word);
          expect(first < 0).toBe(skipped.has(word));
          if (first >= 0) expect(aligned[first]).toBe(label);
        }
      }),
    );
  });

  test("special tokens get -100, and strategies differ at later pieces alone", () => {
    fc.assert(
      fc.property(sentence, (example) => {
        const [first, all, turned] = (["first", "all", "all-b-to-i"] as const).map((strategy) =>
          alignLabels(example.wordIds, example.wordLabels, { strategy, labels }),
        );
        for (const [piece, word] of example.wordIds.entries()) {
          const later = word >= 0 && piece > 0 && example.wordIds[piece - 1] === word;
          if (word < 0) expect([first![piece], all![piece], turned![piece]]).toEqual([-100, -100, -100]);
          else if (!later) expect([all![piece], turned![piece]]).toEqual([first![piece], first![piece]]);
          else {
            expect(first![piece]).toBe(-100);
            expect(all![piece]).toBe(example.wordLabels[word]);
            expect(labels[turned![piece]!]).toBe(labels[all![piece]!]!.replace(/^B-/, "I-"));
          }
        }
      }),
    );
  });
});
