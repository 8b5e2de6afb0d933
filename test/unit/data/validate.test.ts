import type { Example } from "../../../lib/data/types.ts";
import { type ProblemKind, validate } from "../../../lib/data/validate.ts";

/** `Ana/B-PER sings/O`, each on a line of its own from `line` on. */
function example(text: string, file = "train.txt", line = 1): Example {
  const words = text.split(" ").map((word) => word.split("/"));
  return {
    tokens: words.map(([token]) => token!),
    nerTags: words.map(([, tag]) => tag!),
    source: { file, line, wordPerLine: true },
  };
}

const train = (...texts: string[]) => ({
  file: "train.txt",
  examples: texts.map((text, i) => example(text, "train.txt", 10 * i + 1)),
});
const dev = (...texts: string[]) => ({
  file: "dev.txt",
  examples: texts.map((text, i) => example(text, "dev.txt", 10 * i + 1)),
});
const of = (kind: ProblemKind, ...files: Parameters<typeof validate>[0]) =>
  validate(files).problems.filter((problem) => problem.kind === kind);

test("good data has no problem, and is summed up", () => {
  expect(validate([train("Ana/B-PER sings/O", "In/O Paris/B-LOC")])).toEqual({
    files: [{ file: "train.txt", sentences: 2, words: 4, scheme: "IOB2", types: ["LOC", "PER"] }],
    problems: [],
  });
});

test("a wrong tag is an error with its line and the words around it", () => {
  const good = "Ana/B-PER Lee/I-PER sings/O";
  expect(of("tag", train(good, good.replace("Ana", "Bo"), "the/O Bank/I-ORG of/I-ORG"))).toEqual([
    {
      ...{ kind: "tag", level: "error", place: "train.txt:22", message: "I-ORG follows O (IOB2)" },
      example: "the/O Bank/I-ORG of/I-ORG",
    },
  ]);
});

test("another file is read in the training file's scheme, and its own is told", () => {
  const found = validate([train("Ana/B-PER Lee/I-PER"), dev("Bob/S-PER")]);
  expect(found.files.map(({ scheme }) => scheme)).toEqual(["IOB2", "IOBES"]);
  expect(found.problems).toContainEqual(
    expect.objectContaining({ message: "S-PER is no tag of IOB2 (IOB2)" }),
  );
});

test("the same sentence with other tags names both places and the word", () => {
  expect(of("contradiction", train("Ana/B-PER sings/O", "Ana/O sings/O"))).toMatchObject([
    {
      ...{ level: "warning", place: "train.txt:1" },
      message: "the same sentence stands in train.txt:11 with other tags: Ana is B-PER here, O there",
    },
  ]);
});

test("sentences of a later file that the training file has are counted; repetitions are", () => {
  const files = [train("Ana/B-PER sings/O", "x/O"), dev("y/O", "Ana/B-PER sings/O", "Ana/B-PER sings/O")];
  expect(of("leak", ...files)).toMatchObject([
    { place: "dev.txt:11", message: expect.stringMatching(/^2 sentences of dev\.txt are in train\.txt too/) },
  ]);
  expect(of("repetition", ...files)).toMatchObject([
    { place: "dev.txt:21", message: "1 sentences of dev.txt repeat an earlier one" },
  ]);
});

test("a label that the training file lacks is an error, told once", () => {
  expect(of("unseenLabel", train("Ana/B-PER"), dev("a/B-LOC b/B-LOC"))).toMatchObject([
    { level: "error", place: "dev.txt:1", message: expect.stringMatching(/^train\.txt has no label B-LOC/) },
  ]);
});

test("a name of several types is told with its counts, the commonest first", () => {
  const many = [...Array(6).fill("in/O Washington/B-LOC"), ...Array(2).fill("Mr/O Washington/B-PER")];
  expect(of("inconsistent", train(...many))).toMatchObject([{ message: '"Washington" is LOC 6x, PER 2x' }]);
  expect(of("inconsistent", train(...many.slice(0, 7)))).toEqual([]); // once may be right
});

test.each([
  ["a\u00A0b", /blank that looks like another/],
  ["\u200Bab", /without width/],
  ["a\u202Eb", /writing direction/],
  ["a\u0007", /control character/],
  ["caf\uFFFD", /U\+FFFD/],
  ["\uD800", /half of a surrogate pair/],
  ["cafe\u0301", /not NFC/],
])("%j is pointed at", (token, message) => {
  const odd = { tokens: ["x", token], nerTags: ["O", "O"], source: { file: "t.jsonl", line: 3 } };
  expect(of("characters", { file: "t.jsonl", examples: [odd] })).toEqual([
    expect.objectContaining({
      level: "warning",
      place: expect.stringMatching(/^t\.jsonl:3, word 2/),
      message: expect.stringMatching(message),
    }),
  ]);
});

test.each(["naïve", "日本", "👩‍👩‍👧", "Ünlü"])("%j is no odd word", (token) => {
  const found = of("characters", { file: "t", examples: [{ tokens: [token], nerTags: ["O"] }] });
  expect(found.filter(() => token !== "👩‍👩‍👧")).toEqual([]);
});
