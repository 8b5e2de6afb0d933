import { join } from "node:path";
import fc from "fast-check";
import { readFileLines, readLines } from "../../../lib/data/read_lines.ts";

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function* chunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test("however the bytes are cut, the lines are the text's", async () => {
  const line = fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => !/[\r\n\uFEFF]/.test(text));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fc.constantFrom("\n", "\r\n"),
      async (lines, sizes, end) => {
        const ended = Buffer.from(lines.map((text) => text + end).join(""));
        expect(await collect(readLines(chunks(ended, sizes), "x"))).toEqual(lines);
      },
    ),
  );
});

test("a last line without an end is a line, an empty line an empty text, and a byte order mark none", async () => {
  const of = (text: string) => collect(readLines(chunks(Buffer.from(text), [2]), "x"));
  expect(await of("a\n\nb")).toEqual(["a", "", "b"]);
  expect(await of("\uFEFFa\n\uFEFFb\n")).toEqual(["a", "\uFEFFb"]);
  expect(await of("")).toEqual([]);
});

test("a line of 10 MB is one text", async () => {
  const bytes = Buffer.alloc(10_000_000, "a");
  const [line, ...rest] = await collect(readLines(chunks(bytes, [65_536]), "x"));
  expect([line!.length, rest]).toEqual([10_000_000, []]);
});

test("what is not UTF-8 is named with its line, after the lines before it", async () => {
  const lines = readLines(chunks(Buffer.from([0x61, 0x0a, 0xff, 0x0a]), [3]), "standard input");
  expect((await lines.next()).value).toBe("a");
  await expect(lines.next()).rejects.toMatchObject({
    code: "EDATA",
    message: "standard input:2: not UTF-8; convert it first, e.g. with iconv.",
  });
});

test("a file that is not there is named", async () => {
  const file = join("no", "such.txt");
  await expect(collect(readFileLines(file))).rejects.toMatchObject({
    code: "EIO",
    message: `${file}: no such file; check the path.`,
  });
});
