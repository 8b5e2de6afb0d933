import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { convertScheme } from "../../../lib/data/convert_scheme.ts";
import { writtenFormats } from "../../../lib/data/format.ts";
import { readExamples } from "../../../lib/data/read_examples.ts";
import type { Example } from "../../../lib/data/types.ts";
import { writeExamples, writtenFormatOf } from "../../../lib/data/write_examples.ts";
import { schemes } from "../../../lib/metrics/schemes.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 6 })
  .filter((text) => !/^\s|\s$|[\t\r\n]|^[#-]/.test(text));
const sentence = fc.array(fc.tuple(word, fc.constantFrom("O", "B-PER", "B-LOC")), {
  minLength: 1,
  maxLength: 6,
});
const sentences = fc
  .array(sentence, { minLength: 2, maxLength: 5 })
  .map((all) =>
    all.map(
      (words): Example => ({ tokens: words.map(([token]) => token), nerTags: words.map(([, tag]) => tag) }),
    ),
  );

test.each(writtenFormats)("%s reads back as the same sentences", async (format) => {
  const file = await write(`out.${format}`, "");
  await fc.assert(
    fc.asyncProperty(sentences, async (examples) => {
      const written = await writeExamples(file, examples, format).catch((error) => error);
      if (written !== undefined) {
        expect(written).toMatchObject({ code: "EDATA" }); // refused, not changed
        return;
      }
      const found = await readExamples(file, { format });
      expect(found.examples.map(({ tokens, nerTags }) => ({ tokens, nerTags }))).toEqual(examples);
    }),
    { numRuns: 40 },
  );
});

test("what a format cannot hold is refused by its place, and nothing is left behind", async () => {
  const file = await write("kept.conll", "old");
  const torn = { tokens: ["a\nb"], nerTags: ["O"], source: { file: "in.jsonl", line: 7 } };
  await expect(writeExamples(file, [{ tokens: ["a"], nerTags: ["O"] }, torn])).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(/^in\.jsonl:7: a sentence that conll cannot hold/),
  });
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(dirname(file)).filter((name) => name.startsWith("tmp-"))).toEqual([]);
});

test("documents keep their borders in columns", async () => {
  const text = "-DOCSTART- O\n\nAna B-PER\n\nBob B-PER\n\n-DOCSTART- O\n\nx O\n\n";
  const { examples } = await readExamples(await write("documents.conll", text));
  const file = await write("again.conll", "");
  await writeExamples(file, examples);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(existsSync(file)).toBe(true);
});

test("the format follows the extension", () => {
  expect(["a.txt", "a.iob", "a.JSONL", "a.parquet"].map(writtenFormatOf)).toEqual([
    ...["conll", "conll", "jsonl", "parquet"],
  ]);
});

describe("another scheme", () => {
  const source = { file: "x.txt", line: 4, wordPerLine: true };
  const example = { tokens: ["a", "b", "c"], nerTags: ["O", "I-X", "B-X"], source };

  test("a tag that the scheme does not allow is refused by its line, or read as conlleval does", () => {
    const convert = (repair: boolean) => convertScheme([example], { from: "IOB2", to: "IOBES", repair });
    expect(() => convert(false)).toThrow(
      expect.objectContaining({
        code: "EDATA",
        message: expect.stringMatching(/^x\.txt:5: I-X follows O, which IOB2 does not allow \(1 such tags\)/),
      }),
    );
    expect(convert(true)).toEqual({ examples: [{ ...example, nerTags: ["O", "S-X", "S-X"] }], repaired: 1 });
  });

  test.each(schemes)("to %s and back are the same tags", (to) => {
    const whole = { ...example, nerTags: ["B-X", "I-X", "B-X"] };
    const there = convertScheme([whole], { from: "IOB2", to });
    expect(convertScheme(there.examples, { from: to, to: "IOB2" }).examples).toEqual([whole]);
  });
});
