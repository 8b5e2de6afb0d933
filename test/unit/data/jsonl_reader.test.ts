import fc from "fast-check";
import { type JsonlOptions, readJsonl } from "../../../lib/data/jsonl_reader.ts";
import { Notes } from "../../../lib/data/notes.ts";

const read = (text: string, options: Partial<JsonlOptions> = {}) =>
  readJsonl(text, { file: "x.jsonl", ...options }, new Notes());
const anna = '{"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}';
const words = { tokens: ["Anna", "left"], nerTags: ["B-PER", "O"] };

test("each line is a sentence; other keys and empty lines do not matter", () => {
  const text = `${anna}\r\n\n  \n{"id": 7, "ner_tags": ["O"], "pos": [1], "tokens": ["Bye"]}`;
  expect(read(text)).toEqual([
    { ...words, source: { file: "x.jsonl", line: 1 } },
    { tokens: ["Bye"], nerTags: ["O"], source: { file: "x.jsonl", line: 4 } },
  ]);
});

test("words and tags stand under the keys that were named", () => {
  const text = '{"words": ["Anna", "left"], "tags": ["B-PER", "O"]}';
  expect(read(text, { textColumn: "words", labelColumn: "tags" })).toMatchObject([words]);
});

test("integer tags are indexes into the label names", () => {
  const text = '{"tokens": ["Anna", "left"], "ner_tags": [1, 0]}';
  expect(read(text, { labelNames: ["O", "B-PER"] })).toMatchObject([words]);
});

test("a file without tags is read where tags are optional", () => {
  const text = '{"tokens": ["Anna"], "pos_tags": ["NNP"]}\n{"tokens": ["left"]}';
  const [first, second] = read(text, { labels: "optional" });
  expect(first).toEqual({ tokens: ["Anna"], source: { file: "x.jsonl", line: 1 } });
  expect(second).not.toHaveProperty("nerTags");
  expect(read(anna, { labels: "optional" })).toMatchObject([words]);
});

test("words may hold any character, white space included", () => {
  const tokens = ["New York", "\u200b", "\ufeff", "\n", "\u{1f600}", "\t"];
  const text = JSON.stringify({ tokens, ner_tags: tokens.map(() => "O") });
  expect(read(text)[0]!.tokens).toEqual(tokens);
});

describe("what cannot be read is refused with its line and a remedy", () => {
  test.each([
    ["torn JSON", `${anna}\n{"tokens": ["a"`, /^x\.jsonl:2: not valid JSON \(.*one object a line/],
    ["an array", "[1]", /^x\.jsonl:1: an array where a record is due/],
    ["a bare value", "null", /^x\.jsonl:1: null where a record is due/],
    [
      "an unknown key near the right one",
      '{"tokens": ["a"], "ner_tag": ["O"]}',
      /:1: no key ner_tags; did you mean ner_tag\?.*--label-column-name/,
    ],
    ["no such key", '{"words": ["a"]}', /:1: no key tokens; its keys are words; .*--text-column-name/],
    ["a key of the prototype", '{"ner_tags": []}', /no key toString/, { textColumn: "toString" }],
    [
      "words that are a text",
      '{"tokens": "a b", "ner_tags": ["O"]}',
      /:1: tokens is the text "a b"; give an array/,
    ],
    ["a word that is a number", '{"tokens": ["a", 3], "ner_tags": ["O", "O"]}', /:1: word 2 is the number 3/],
    ["an empty word", '{"tokens": ["a", ""], "ner_tags": ["O", "O"]}', /:1: word 2 is empty/],
    ["no words", '{"tokens": [], "ner_tags": []}', /:1: a sentence without words/],
    ["fewer tags than words", `${anna}\n{"tokens": ["a", "b"], "ner_tags": ["O"]}`, /:2: 2 words but 1 tags/],
    [
      "an integer without names",
      '{"tokens": ["a", "b"], "ner_tags": ["O", 3]}',
      /:1, word 2: the tag is the integer 3.*--label-names/,
    ],
    [
      "an integer beyond the names",
      '{"tokens": ["a"], "ner_tags": [3]}',
      /:1, word 1: the tag is the integer 3.*0 to 1/,
      { labelNames: ["O", "B-X"] },
    ],
    [
      "a negative integer",
      '{"tokens": ["a"], "ner_tags": [-100]}',
      /:1, word 1: the tag is the integer -100/,
      { labelNames: ["O"] },
    ],
    ["a tag that is null", '{"tokens": ["a"], "ner_tags": [null]}', /:1, word 1: the tag is null; tags are/],
    [
      "a tag that is a fraction",
      '{"tokens": ["a"], "ner_tags": [0.5]}',
      /:1, word 1: the tag is 0.5/,
      { labelNames: ["O"] },
    ],
    ["an empty tag", '{"tokens": ["a"], "ner_tags": [""]}', /:1, word 1: the tag is empty/],
    ["nothing", "\n\n", /:1: no record in the file/],
    [
      "tags from the middle on",
      '{"tokens": ["a"]}\n{"tokens": ["a"], "ner_tags": ["O"]}',
      /:2: has ner_tags, but/,
      { labels: "optional" },
    ],
    ["tags up to the middle", `${anna}\n{"tokens": ["a"]}`, /:2: no key ner_tags/, { labels: "optional" }],
    [
      "a mistyped key where tags are optional",
      '{"tokens": ["a"], "nerTags": ["O"]}',
      /:1: no key ner_tags; did you mean nerTags\?/,
      { labels: "optional" },
    ],
    [
      "no tags where they were named",
      '{"tokens": ["a"]}',
      /:1: no key gold/,
      { labels: "optional", labelColumn: "gold" },
    ],
  ] as [string, string, RegExp, Partial<JsonlOptions>?][])("%s", (_, text, message, ...[options]) => {
    expect(() => read(text, options)).toThrow(message);
    expect(() => read(text, options)).toThrow(expect.objectContaining({ code: "EDATA" }));
  });
});

test("what is written is read back", () => {
  const pair = fc.tuple(fc.string({ unit: "binary", minLength: 1 }), fc.constantFrom("O", "B-a b", "I-ö"));
  fc.assert(
    fc.property(
      fc.array(fc.array(pair, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }),
      (data) => {
        const records = data.map((rows) => ({
          tokens: rows.map(([w]) => w),
          ner_tags: rows.map(([, t]) => t),
        }));
        const text = records.map((record) => JSON.stringify(record)).join("\n");
        expect(read(text).map(({ tokens, nerTags }) => ({ tokens, ner_tags: nerTags }))).toEqual(records);
      },
    ),
  );
});

test("any JSON is read or refused with a line, never anything else", () => {
  const record = fc.oneof(
    fc.json(),
    fc.record({ tokens: fc.jsonValue(), ner_tags: fc.jsonValue() }).map((r) => JSON.stringify(r)),
  );
  fc.assert(
    fc.property(record, (text) => {
      try {
        read(text, { labelNames: ["O"] });
      } catch (error) {
        expect(error).toMatchObject({ code: "EDATA", message: expect.stringMatching(/^x\.jsonl:1[:,]/) });
      }
    }),
    { numRuns: 500 },
  );
});
