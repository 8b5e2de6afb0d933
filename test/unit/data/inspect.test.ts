import { countPieces, inspectExamples } from "../../../lib/data/inspect.ts";

const examples = [
  { tokens: ["Ana", "Lee", "sings"], nerTags: ["B-PER", "I-PER", "O"] },
  { tokens: ["Ana", "Lee"], nerTags: ["B-PER", "I-PER"] },
  { tokens: ["In", "Paris"], nerTags: ["O", "B-LOC"] },
];

test("sizes, labels and entities are counted", () => {
  expect(inspectExamples(examples)).toEqual({
    ...{ sentences: 3, words: 7, scheme: "IOB2" },
    labels: { "B-PER": 2, "I-PER": 2, O: 2, "B-LOC": 1 },
    entities: {
      PER: { count: 2, distinct: 1, mean_words: 2 },
      LOC: { count: 1, distinct: 1, mean_words: 1 },
    },
    words_per_sentence: { mean: 7 / 3, median: 2, p99: 3, max: 3 },
  });
});

test("pieces: lengths, what is over the limit, what the tokenizer does not know", async () => {
  // Every letter is a piece; `P` is unknown (id 1), `x` makes none.
  const tokenizer = {
    ...{ modelMaxLength: 9, padTokenId: 0, padTokenTypeId: 0, unkTokenId: 1 },
    encodeWords: async (sentences: readonly (readonly string[])[]) =>
      sentences.map((words) => {
        const pieces = words.flatMap((word, i) =>
          [...word].filter((c) => c !== "x").map((c) => [c === "P" ? 1 : 5, i]),
        );
        return {
          ids: Int32Array.from([2, ...pieces.map(([id]) => id!), 3]),
          typeIds: new Int32Array(pieces.length + 2),
          wordIds: Int32Array.from([-1, ...pieces.map(([, word]) => word!), -1]),
          specialTokensMask: new Uint8Array(pieces.length + 2),
          ...{ length: pieces.length + 2, truncated: 0 },
        };
      }),
  };
  const found = await countPieces([...examples, { tokens: ["x"], nerTags: ["O"] }], tokenizer, 6);
  expect(found).toEqual({
    per_sentence: { mean: (13 + 8 + 9 + 2) / 4, median: 9, p99: 13, max: 13 },
    ...{ per_word: 24 / 8, max_length: 6, long_sentences: 3, words_beyond: 1 },
    ...{ unknown_words: 1, words_without_pieces: 1 },
  });
});
