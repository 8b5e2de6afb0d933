/** Tables as Python's tools write them (test/fixtures/data/make_tables.py), JSON documents, other encodings. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CompressionType, setCompressionCodec, tableFromArrays, tableToIPC } from "@uwdata/flechette";
import fc from "fast-check";
import { parquetWriteBuffer, parquetWriteFile } from "hyparquet-writer";
import { loadDataset } from "../../../lib/data/load_dataset.ts";
import { type ReadOptions, readExamples } from "../../../lib/data/read_examples.ts";
import type { Example } from "../../../lib/data/types.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();
const fixtures = fileURLToPath(new URL("../../fixtures/data/", import.meta.url));
const expected: Example[] = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8"));
const labelNames = ["O", "B-PER", "I-PER", "B-LOC"];

const read = async (file: string, options?: ReadOptions) => (await readExamples(file, options)).examples;
const content = (examples: Iterable<Example>) =>
  [...examples].map(({ tokens, nerTags }) => ({ tokens, nerTags }));
const refused = (message: RegExp) => ({ code: "EDATA", message: expect.stringMatching(message) });

describe("files of Python's tools have the sentences that were put in", () => {
  test.each<[file: string, options?: ReadOptions]>([
    ["class_labels.parquet"],
    ["integers.parquet", { labelNames }],
    ["saved"],
    ["names.arrow"],
    ["views.arrow"],
    ["lists.csv"],
    ["words.csv"],
    ["records.json"],
  ])("%s", async (file, options = {}) => {
    expect(content(await read(join(fixtures, file), options))).toEqual(expected);
  });

  test("integers without names are a question, not a guess", async () => {
    await expect(read(join(fixtures, "integers.parquet"))).rejects.toMatchObject(
      refused(
        /integers\.parquet:1 \(row\), word 1: the tag is the integer 1, which has no name; .*--label-names/,
      ),
    );
  });

  test("names that are given go before those in the file", async () => {
    const [first] = await read(join(fixtures, "class_labels.parquet"), { labelNames: ["a", "b", "c", "d"] });
    expect(first!.nerTags).toEqual(["b", "c", "a", "d", "a"]);
  });

  test("names in the file are the labels, in their order", async () => {
    const train = join(fixtures, "class_labels.parquet");
    expect((await loadDataset({ train })).labels).toEqual(labelNames);
    expect((await loadDataset({ train: join(fixtures, "saved") })).labels).toEqual(labelNames);
  });

  test("names in a test file are not the labels of a training file without any", async () => {
    const train = await write("own.conll", "Oslo B-LOC\nNils B-PER\nAaberg I-PER\nleft O\n");
    const test = join(fixtures, "class_labels.parquet");
    expect((await loadDataset({ train, test })).labels).toEqual(["B-LOC", "B-PER", "I-PER", "O"]);
    expect((await loadDataset({ test })).labels).toEqual(labelNames);
  });

  test("a folder of save_to_disk with splits is a dataset", async () => {
    const data = await loadDataset(join(fixtures, "saved_dict"));
    expect(content(data.train!)).toEqual(expected);
    expect(content(data.validation!)).toEqual(expected.slice(0, 1));
    expect(content(data.test!)).toEqual(expected.slice(2));
  });
});

describe("JSON documents", () => {
  const record = '{"tokens": ["Anna"], "ner_tags": ["B-PER"]}';
  test.each([
    ["an array", `[\n${record},\n\n${record}\n]`, [2, 4]],
    ["an array under data", `{"version": "{",\n "data": [${record},\n${record}]}`, [2, 3]],
    [
      "an array under data, among others",
      `{"meta": {"a": [1], "data": [{}]}, "list": [[1]],\n\n"data": [\n${record},\n${record}], "more": [{}]}`,
      [4, 5],
    ],
    ["one record", record, [1]],
    ["lines", `${record}\n${record}\n`, [1, 2]],
  ])("%s: each sentence knows its line", async (_, text, lines) => {
    const examples = await read(await write("d.json", text));
    expect(content(examples)).toEqual(lines.map(() => ({ tokens: ["Anna"], nerTags: ["B-PER"] })));
    expect(examples.map(({ source }) => source!.line)).toEqual(lines);
  });

  test.each([
    ["torn", `[${record},\n${record}`, /d\.json:2: not valid JSON/],
    ["not records", "[1]", /d\.json:1: the number 1 where a record is due/],
    ["a text among records", `[${record},\n"x",\n${record}]`, /d\.json:2: the text "x" where a record/],
    ["data that is no array", '{"data": 5}', /d\.json:1: data is no array/],
    ["empty", "[]", /d\.json:1: no record in the file/],
    ["a fault inside", `[${record},\n{"tokens": ["a"], "ner_tags": []}]`, /d\.json:2: 1 words but 0 tags/],
  ])("%s is refused", async (_, text, message) => {
    await expect(read(await write("d.json", text))).rejects.toMatchObject(refused(message));
  });
});

test("Parquet gives back what was put in, integers of 64 bits included", async () => {
  const sentence = fc.array(fc.record({ word: fc.string({ minLength: 1 }), tag: fc.nat(3) }), {
    minLength: 1,
  });
  const file = await write("property.parquet", "");
  await fc.assert(
    fc.asyncProperty(fc.array(sentence, { minLength: 1, maxLength: 5 }), async (sentences) => {
      parquetWriteFile({
        filename: file,
        columnData: [
          { name: "tokens", data: sentences.map((words) => words.map(({ word }) => word)) },
          { name: "ner_tags", data: sentences.map((words) => words.map(({ tag }) => BigInt(tag))) },
        ],
      });
      expect(content(await read(file, { labelNames }))).toEqual(
        sentences.map((words) => ({
          tokens: words.map(({ word }) => word),
          nerTags: words.map(({ tag }) => labelNames[tag]),
        })),
      );
    }),
    { numRuns: 30 },
  );
});

test("Latin-1 is read where it was asked for", async () => {
  const file = await write("latin1.txt", Buffer.from("M\xfcller B-PER\n\xabx\xbb O\n", "latin1"));
  expect(await read(file, { encoding: "latin1" })).toMatchObject([{ tokens: ["Müller", "«x»"] }]);
  await expect(read(file, { encoding: "latin-1" as never })).rejects.toMatchObject({ code: "EARG" });
});

test("damage anywhere in a Parquet file is refused or read, and no failure is left unheard", async () => {
  const whole = readFileSync(join(fixtures, "integers.parquet"));
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", listen);
  try {
    const places = Array.from({ length: whole.length / 3 }, (_, i) => [3 * i]);
    // A column whose words are torn, and another whose path is: the one is under way when the other fails.
    for (let at = whole.indexOf("list"); at >= 0; at = whole.indexOf("list", at + 1)) places.push([31, at]);
    for (const damaged of places) {
      const torn = Buffer.from(whole);
      for (const at of damaged) torn[at]! ^= 0x12;
      const file = await write("torn.parquet", torn);
      const error = await readExamples(file, { labelNames }).then(
        () => undefined,
        (cause) => cause,
      );
      if (error !== undefined) expect(error).toMatchObject({ code: "EDATA" });
    }
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", listen);
  }
  expect(unheard).toEqual([]);
});

test("a Parquet column whose name became a number is refused", async () => {
  const tags = { name: "ner_tags", data: [["O"]] };
  const whole = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "tokens", data: [["Oslo"]] }, tags] }),
  );
  // Of the column, in thrift's compact protocol: repetition (the third field) 0, then the name and its length.
  const named = Buffer.from("\x25\x00\x18\x08ner_tags", "latin1");
  const torn = Buffer.from(whole);
  torn[torn.indexOf(named)]! ^= 0x10; // the repetition as the fourth field, which is the name's place
  await expect(read(await write("unnamed.parquet", torn))).rejects.toMatchObject({ code: "EDATA" });
});

test("an Arrow file whose columns are compressed is refused as that", async () => {
  const { LZ4_FRAME } = CompressionType;
  const table = tableFromArrays({ tokens: [["Anna"]], ner_tags: [["B-PER"]] });
  setCompressionCodec(LZ4_FRAME, { encode: (bytes) => bytes, decode: (bytes) => bytes });
  const file = await write("lz4.arrow", tableToIPC(table, { format: "stream", codec: LZ4_FRAME })!);
  setCompressionCodec(LZ4_FRAME, undefined as never);
  await expect(read(file)).rejects.toMatchObject(
    refused(/lz4\.arrow: its columns are compressed \(LZ4_FRAME\); write it without compression/),
  );
});

test.each([
  "file",
  "stream",
] as const)("a damaged length anywhere in an Arrow %s keeps no reader busy", async (format) => {
  const table = tableFromArrays({ tokens: [["Anna", "lives"]], ner_tags: [["B-PER", "O"]] });
  const whole = Buffer.from(tableToIPC(table, { format })!);
  await expect(read(await write("whole.arrow", whole))).resolves.toBeDefined();
  for (const length of [0x7fffff00, -5]) {
    for (let at = 0; at <= whole.length - 4; at += 4) {
      const torn = Buffer.from(whole);
      torn.writeInt32LE(length, at);
      const start = performance.now();
      await readExamples(await write("torn.arrow", torn)).catch((error) =>
        expect([at, error.code]).toEqual([at, "EDATA"]),
      );
      expect([at, performance.now() - start < 2000]).toEqual([at, true]);
    }
  }
});

test("an Arrow file whose offsets lead nowhere is refused before they are followed", async () => {
  const whole = readFileSync(join(fixtures, "names.arrow"));
  const messages = new Set<string>();
  // The last thousand bytes hold offsets and words, not the sizes of what the library lays out.
  for (let at = whole.length - 1000; at < whole.length - 300; at += 4) {
    const torn = Buffer.from(whole);
    torn.writeInt32LE(0x7fffff00, at);
    const file = await write("torn.arrow", torn);
    await readExamples(file, { labelNames }).catch((error) =>
      messages.add(error.message.replace(/\d+/g, "n")),
    );
  }
  expect([...messages].join("\n")).toMatch(
    /not a readable Arrow file \(offsets n to n of n\); write or fetch it again/,
  );
});
