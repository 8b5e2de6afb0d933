import fc from "fast-check";
import { type TokenizeOptions, tokenizeAndAlignLabels } from "../../../lib/data/tokenize_and_align.ts";
import { skippedWords } from "../../../lib/tokenization/align.ts";

/** Each letter is a piece (its char code), `_` a character that makes none; 101 and 102 at the ends. */
function letterTokenizer(modelMaxLength = Number.POSITIVE_INFINITY) {
  const calls: { sentences: number; maxLength?: number }[] = [];
  return {
    calls,
    modelMaxLength,
    padTokenId: 9 as number | undefined,
    padTokenTypeId: 3,
    async encodeWords(sentences: readonly (readonly string[])[], options: { maxLength?: number } = {}) {
      calls.push({ sentences: sentences.length, maxLength: options.maxLength });
      return sentences.map((words) => {
        const pieces = words.flatMap((word, i) =>
          [...word].filter((c) => c !== "_").map((c) => [c.charCodeAt(0), i]),
        );
        const kept = pieces.slice(0, (options.maxLength ?? Number.POSITIVE_INFINITY) - 2);
        return {
          ids: Int32Array.from([101, ...kept.map(([id]) => id!), 102]),
          typeIds: new Int32Array(kept.length + 2),
          wordIds: Int32Array.from([-1, ...kept.map(([, word]) => word!), -1]),
          specialTokensMask: Uint8Array.from([1, ...kept.map(() => 0), 1]),
          length: kept.length + 2,
          truncated: pieces.length - kept.length,
        };
      });
    },
  };
}

const labels = ["B-X", "I-X", "O"];
const source = { file: "x.conll", line: 7 };
const example = { tokens: ["ab", "_", "c"], nerTags: ["B-X", "O", "I-X"], source };

test("a sentence becomes pieces with labels, and keeps a label for every word", async () => {
  const [encoded] = await tokenizeAndAlignLabels(letterTokenizer())([example], labels);
  expect(encoded).toEqual({
    inputIds: Int32Array.of(101, 97, 98, 99, 102),
    tokenTypeIds: Int32Array.of(0, 0, 0, 0, 0),
    attentionMask: Int32Array.of(1, 1, 1, 1, 1),
    labels: Int32Array.of(-100, 0, -100, 1, -100),
    wordIds: Int32Array.of(-1, 0, 0, 2, -1),
    wordLabels: Int32Array.of(0, 2, 1),
    source,
  });
  expect([...skippedWords(encoded!)]).toEqual([1]);
});

test("the arrays of an example lie in one memory, which no other example shares", async () => {
  const encode = tokenizeAndAlignLabels(letterTokenizer());
  const [first, second] = await encode([example, example], labels);
  const memories = (one: typeof first) =>
    new Set(Object.values(one!).flatMap((value) => (value instanceof Int32Array ? [value.buffer] : [])));
  expect(memories(first).size).toBe(1);
  expect(new Set([...memories(first), ...memories(second)]).size).toBe(2);
  first!.labels.fill(7);
  expect(first!.wordIds).toEqual(second!.wordIds);
  expect(second!.labels).toEqual(Int32Array.of(-100, 0, -100, 1, -100));
});

test("the label strategy is taken over", async () => {
  const [encoded] = await tokenizeAndAlignLabels(letterTokenizer(), { labelStrategy: "all-b-to-i" })(
    [example],
    labels,
  );
  expect([...encoded!.labels]).toEqual([-100, 0, 1, 1, -100]);
});

test("a sentence without tags has -100 for every word", async () => {
  const [encoded] = await tokenizeAndAlignLabels(letterTokenizer())([{ tokens: ["ab", "c"] }], labels);
  expect([...encoded!.labels]).toEqual([-100, -100, -100, -100, -100]);
  expect([...encoded!.wordLabels]).toEqual([-100, -100]);
});

test.each([
  ["the tokenizer's limit", 4, {}, 4],
  ["the given one", 512, { maxLength: 4 }, 4],
  ["the given one over the tokenizer's", 4, { maxLength: 5 }, 5],
  ["none", Number.POSITIVE_INFINITY, {}, undefined],
] as [
  string,
  number,
  TokenizeOptions,
  number?,
][])("long sentences are cut at %s", async (_, known, options, ...[limit]) => {
  const tokenizer = letterTokenizer(known);
  const cut = { ...options, longSequences: "truncate" } as const;
  const [encoded] = await tokenizeAndAlignLabels(tokenizer, cut)([example], labels);
  expect(tokenizer.calls).toEqual([{ sentences: 1, maxLength: limit }]);
  expect(encoded!.inputIds).toHaveLength(limit ?? 5);
  expect(encoded!.wordLabels).toHaveLength(3);
});

test("words that were cut off are told with those that have no piece", async () => {
  const encode = tokenizeAndAlignLabels(letterTokenizer(4), { longSequences: "truncate" });
  const [encoded] = await encode([example], labels);
  expect([...skippedWords(encoded!)]).toEqual([1, 2]);
});

describe("long sentences in windows, as they are by default", () => {
  const words = fc.array(fc.stringMatching(/^[a-z_]{1,4}$/), { minLength: 1, maxLength: 30 });

  test("every piece is labelled in exactly one row, with the label it has in the whole sentence", async () => {
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 3, max: 12 }), async (tokens, maxLength) => {
        const nerTags = tokens.map((_, i) => labels[i % 3]!);
        const options = { labelStrategy: "all-b-to-i", maxLength } as const;
        const long = { tokens, nerTags };
        const rows = await tokenizeAndAlignLabels(letterTokenizer(), options)([long], labels);
        for (const row of rows) expect(row.wordLabels).toBe(rows[0]!.wordLabels); // what makes them one sentence
        const [whole] = await tokenizeAndAlignLabels(letterTokenizer(), { labelStrategy: "all-b-to-i" })(
          [long],
          labels,
        );
        const decided = (key: "wordIds" | "labels" | "inputIds") =>
          rows.flatMap((row) => [...row[key]].filter((_, i) => row.wordIds[i]! >= 0));
        expect(decided("wordIds")).toEqual([...whole!.wordIds].slice(1, -1));
        expect(decided("labels")).toEqual([...whole!.labels].slice(1, -1));
        expect(decided("inputIds")).toEqual([...whole!.inputIds].slice(1, -1));
        for (const row of rows) {
          expect(row.inputIds.length).toBeLessThanOrEqual(maxLength);
          expect([row.inputIds[0], row.inputIds.at(-1)]).toEqual([101, 102]);
          expect([...row.wordLabels]).toEqual([...whole!.wordLabels]);
        }
      }),
    );
  });

  test("the first row knows how Hugging Face would have cut the sentence", async () => {
    const rows = await tokenizeAndAlignLabels(letterTokenizer(5))(
      [{ tokens: ["ab", "cd", "ef"] }, example],
      labels,
    );
    expect(rows.map(({ window }) => window?.index)).toEqual([0, 1, undefined]);
    const [cut] = await tokenizeAndAlignLabels(letterTokenizer(5), { longSequences: "truncate" })(
      [{ tokens: ["ab", "cd", "ef"] }],
      labels,
    );
    expect(rows[0]!.window!.truncated).toEqual(cut);
    expect(rows[1]!.window!.truncated).toBeUndefined();
  });

  test("a fixed length pads the windows too", async () => {
    const encode = tokenizeAndAlignLabels(letterTokenizer(5), { padToMaxLength: true });
    const rows = await encode([{ tokens: ["abcd", "e"] }], labels);
    expect(rows.map(({ inputIds }) => inputIds.length)).toEqual([5, 5]);
  });
});

test("long sentences are refused by file and line where that was asked for", async () => {
  const encode = tokenizeAndAlignLabels(letterTokenizer(4), { longSequences: "error" });
  await expect(encode([{ tokens: ["a"], nerTags: ["O"] }, example], labels)).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(/^x\.conll:7: the sentence has 5 pieces, over the maximum of 4; split it/),
  });
  await expect(encode([{ tokens: ["ab"], nerTags: ["O"] }], labels)).resolves.toHaveLength(1);
});

test("fixed length pads each sentence on the right", async () => {
  const encode = tokenizeAndAlignLabels(letterTokenizer(), { padToMaxLength: true, maxLength: 7 });
  const [encoded] = await encode([example], labels);
  expect(encoded).toEqual({
    inputIds: Int32Array.of(101, 97, 98, 99, 102, 9, 9),
    tokenTypeIds: Int32Array.of(0, 0, 0, 0, 0, 3, 3),
    attentionMask: Int32Array.of(1, 1, 1, 1, 1, 0, 0),
    labels: Int32Array.of(-100, 0, -100, 1, -100, -100, -100),
    wordIds: Int32Array.of(-1, 0, 0, 2, -1, -1, -1),
    wordLabels: Int32Array.of(0, 2, 1),
    source,
  });
});

test("many sentences keep their order over few calls of the tokenizer", async () => {
  const tokenizer = letterTokenizer();
  const sizes = Array.from({ length: 20_000 }, (_, i) => 1 + ((i * 7) % 11));
  const examples = sizes.map((size) => ({
    tokens: Array<string>(size).fill("a"),
    nerTags: Array<string>(size).fill("O"),
  }));
  const encoded = await tokenizeAndAlignLabels(tokenizer)(examples, labels);
  expect(encoded.map(({ wordLabels }) => wordLabels.length)).toEqual(sizes);
  expect(tokenizer.calls.length).toBeLessThan(10);
  expect(await tokenizeAndAlignLabels(tokenizer)([], labels)).toEqual([]);
});

test.each([
  [
    "a tag outside the labels",
    { ...example, nerTags: ["B-Y", "O", "O"] },
    /x\.conll:7: the labels \(B-X, I-X, O\) lack B-Y/,
  ],
  ["fewer tags than words", { ...example, nerTags: ["O"] }, /x\.conll:7: 3 words but 1 tags/],
  ["no words", { tokens: [], nerTags: [] }, /example 2: a sentence without words/],
])("a sentence with %s is refused", async (_, bad, message) => {
  const encoding = tokenizeAndAlignLabels(letterTokenizer())([example, bad], labels);
  await expect(encoding).rejects.toMatchObject({ code: "EDATA", message: expect.stringMatching(message) });
});

test.each([
  ["a misspelt option", { labelStrateggy: "all" }, /no option labelStrateggy; did you mean labelStrategy\?/],
  ["an unknown strategy", { labelStrategy: "al" }, /labelStrategy is al; did you mean all\?/],
  [
    "a policy for long sentences that does not exist",
    { longSequences: "drop" },
    /longSequences is drop; give one of window, truncate, error/,
  ],
  ["a length of zero", { maxLength: 0 }, /maxLength is 0; give a whole number/],
  ["a length that is a text", { maxLength: "128" }, /maxLength is the text "128"/],
  ["a flag that is a text", { padToMaxLength: "false" }, /padToMaxLength is the text "false"/],
  ["fixed length without a length", { padToMaxLength: true }, /padToMaxLength needs a maximum length/],
])("refuses %s", (_, options, message) => {
  const make = () => tokenizeAndAlignLabels(letterTokenizer(), options as never);
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining({ code: "EARG" }));
});

test("refuses what is no tokenizer, and padding without a token for it", () => {
  expect(() => tokenizeAndAlignLabels("bert" as never)).toThrow(/takes a tokenizer, not the text "bert"/);
  const tokenizer = { ...letterTokenizer(8), padTokenId: undefined };
  expect(() => tokenizeAndAlignLabels(tokenizer, { padToMaxLength: true })).toThrow(/a padding token/);
});
