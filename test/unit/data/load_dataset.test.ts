import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatasetDict } from "../../../lib/data/dataset.ts";
import { loadDataset } from "../../../lib/data/load_dataset.ts";
import { type ReadOptions, readExamples as readFile } from "../../../lib/data/read_examples.ts";
import { describeIf, needsData, testData } from "../../support/shared.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();
const readExamples = async (file: string, options?: ReadOptions) => (await readFile(file, options)).examples;
const columns = "Anna B-PER\nleft O\n\nBonn B-LOC\n";
const records = '{"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}\n';

describe("the format is found", () => {
  test.each([
    ["a.conll", columns, 2],
    ["a.txt", columns, 2],
    ["a.iob2", columns, 2],
    ["no-extension", columns, 2],
    ["brace.txt", "{ O\n} O\n", 1],
    ["a.jsonl", records, 1],
    ["a.JSONL", records, 1],
    ["a.json", records, 1],
    ["records.txt", `\n${records}`, 1],
  ])("%s", async (name, content, sentences) => {
    const file = await write(name, content);
    expect(await readExamples(file)).toHaveLength(sentences);
  });

  test("the format that was asked for wins over the extension", async () => {
    expect(await readExamples(await write("b.jsonl", columns), { format: "conll" })).toHaveLength(2);
    expect(await readExamples(await write("b.csv", "Anna B-PER\n"), { format: "conll" })).toHaveLength(1);
    expect(await readExamples(await write("b.conll", records), { format: "jsonl" })).toHaveLength(1);
  });
});

test("a byte order mark is taken off at the file's start, and nowhere else", async () => {
  const file = await write("bom.txt", "\ufeff\ufeff O\nDubbz\ufeff B-person\n\ufeff O\n");
  const [sentence] = await readExamples(file);
  expect(sentence!.tokens).toEqual(["\ufeff", "Dubbz\ufeff", "\ufeff"]);
  const json = await write("bom.jsonl", `\ufeff${records}`);
  expect(await readExamples(json)).toHaveLength(1);
});

test("column indexes may be digits, as the command line gives them", async () => {
  const file = await write("index.txt", "1 Anna B-PER\n2 left O\n");
  const [sentence] = await readExamples(file, { textColumn: "1", labelColumn: "2" });
  expect(sentence).toMatchObject({ tokens: ["Anna", "left"], nerTags: ["B-PER", "O"] });
});

describe("labels", () => {
  test("are those of train, sorted by code point", async () => {
    const train = await write("sort.txt", "a O\nb I-b\nc B-Z\nd B-a\ne B-\u{1f600}\nf B-\uffee\n");
    const { labels } = await loadDataset({ train });
    // Python: sorted(["O", "I-b", "B-Z", "B-a", "B-\U0001f600", "B-\uffee"])
    expect(labels).toEqual(["B-Z", "B-a", "B-\uffee", "B-\u{1f600}", "I-b", "O"]);
  });

  test("keep the order of the label names that were given, however they were given", async () => {
    const train = await write("named.jsonl", '{"tokens": ["Anna", "x"], "ner_tags": [2, 0]}');
    const list = await write("names.list", "O\r\nB-LOC\nB-PER\n\n");
    for (const labelNames of [["O", "B-LOC", "B-PER"], "O,B-LOC, B-PER", list]) {
      const data = await loadDataset({ train, labelNames });
      expect(data.labels).toEqual(["O", "B-LOC", "B-PER"]);
      expect(data.train!.at(0).nerTags).toEqual(["B-PER", "O"]);
    }
  });

  test("of a file read alone are its own", async () => {
    const data = await loadDataset({ test: await write("alone.txt", columns) });
    expect(data.labels).toEqual(["B-LOC", "B-PER", "O"]);
  });

  test.each([
    [
      "columns",
      "late.txt",
      "Anna O\n\nleft O\nBonn B-LOC\n",
      /late\.txt:4: the training data has no label B-LOC; .*\(B-PER, O\)/,
    ],
    [
      "JSON lines",
      "late.jsonl",
      '{"tokens": ["a"], "ner_tags": ["O"]}\n{"tokens": ["a", "b"], "ner_tags": ["O", "X"]}',
      /late\.jsonl:2, word 2 \("b"\): .* no label X/,
    ],
  ])("that train lacks are refused where they stand: %s", async (_, name, content, message) => {
    const train = await write("few.txt", "Anna B-PER\nleft O\n");
    const file = await write(name, content);
    const loading = loadDataset({ train, validation: file });
    await expect(loading).rejects.toMatchObject({ code: "EDATA", message: expect.stringMatching(message) });
    await expect(loadDataset({ train, test: file })).rejects.toThrow(message);
  });

  test("that the given names lack are refused in train too", async () => {
    const train = await write("given.txt", columns);
    await expect(loadDataset({ train, labelNames: ["O", "B-PER"] })).rejects.toMatchObject({
      code: "EDATA",
      message: expect.stringMatching(/given\.txt:4: the list of label names has no label B-LOC/),
    });
  });
});

test("a test file may have no tags; a training file may not", async () => {
  const words = await write("words.txt", "Anna\nleft\n");
  const train = await write("tagged.txt", columns);
  const data = await loadDataset({ train, test: words });
  expect(data.test!.at(0)).not.toHaveProperty("nerTags");
  await expect(loadDataset({ train: words })).rejects.toThrow(/words\.txt:1: one column/);
  await expect(loadDataset({ train, validation: words })).rejects.toThrow(/words\.txt:1: one column/);
});

describe("a file that cannot be read is refused by name", () => {
  test.each([
    [
      "Latin-1",
      "latin.txt",
      Buffer.from("Anna O\n\nM\xfcller O\n", "latin1"),
      "EDATA",
      /latin\.txt:3: not UTF-8; give encoding: "latin1" \(--encoding latin1\)/,
    ],
    [
      "a cut character at the end",
      "cut.txt",
      Buffer.from([0x61, 0x20, 0x4f, 0x0a, 0xc3]),
      "EDATA",
      /cut\.txt:2: not UTF-8/,
    ],
    [
      "UTF-16",
      "wide.txt",
      Buffer.from("\ufeffAnna O\n\u00fc", "utf16le"),
      "EDATA",
      /wide\.txt:1: the file is UTF-16/,
    ],
    ["an empty file", "empty.txt", "", "EDATA", /empty\.txt:1: the file is empty/],
    ["a byte order mark alone", "mark.txt", "\ufeff", "EDATA", /mark\.txt:1: no sentence/],
    ["an archive", "data.zip", "PK", "EDATA", /data\.zip:1: \.zip files are not read; unpack it/],
    ["a torn table", "table.parquet", "PAR1", "EDATA", /table\.parquet: not a readable Parquet file/],
    ["a torn Arrow file", "table.arrow", "ARROW1", "EDATA", /table\.arrow: not a readable Arrow file/],
  ])("%s", async (_, name, content, code, message) => {
    const train = await write(name, content);
    await expect(loadDataset({ train })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("no such file, or a folder", async () => {
    const folder = join(dirname(await write("x.txt", columns)), "folder");
    await mkdir(folder);
    await expect(loadDataset({ train: folder })).rejects.toMatchObject({
      code: "EIO",
      message: expect.stringMatching(/folder: is a folder/),
    });
    await expect(loadDataset({ train: "no/such.txt" })).rejects.toMatchObject({
      code: "EIO",
      message: "no/such.txt: no such file; check the path.",
    });
  });
});

test("a file's name where no file is, is not looked for on the hub", async () => {
  await expect(loadDataset("data/trian.txt")).rejects.toMatchObject({
    code: "EIO",
    message: "data/trian.txt: no such file; check the path.",
  });
});

describe("an argument of the wrong kind is refused by name", () => {
  test.each([
    ["nothing", undefined, /takes an object of options/],
    ["a file alone", fileURLToPath(import.meta.url), /load_dataset\.test\.ts is a file; give \{ train: /],
    ["no file", {}, /no file; give at least one of train/],
    ["an unknown option", { train: "x", labelName: "a" }, /no option labelName; did you mean labelNames\?/],
    ["an unknown format", { format: "jsonnl" }, /format is jsonnl; did you mean jsonl\?/],
    ["a format of another type", { format: 3 }, /format is the number 3; give one of conll, jsonl/],
    [
      "an empty path beside others",
      { train: "", test: fileURLToPath(import.meta.url) },
      /the data file is the text ""; give its path/,
    ],
    ["a path of another type", { train: 3 }, /the data file is the number 3/],
    [
      "a name for a column",
      { textColumn: "tokens" },
      /textColumn \(--text-column-name\) is the text "tokens"; .* is a column file/,
    ],
    ["a negative column", { labelColumn: -2 }, /labelColumn \(--label-column-name\) is the number -2/],
    ["no label name", { labelNames: [] }, /labelNames has no name/],
    ["a label name twice", { labelNames: "O,B-X,O" }, /labelNames holds O twice/],
    ["an empty label name", { labelNames: ["O", ""] }, /labelNames: name 1 is ""/],
    ["label names of another type", { labelNames: 3 }, /labelNames has no name/],
  ])("%s", async (_, options, message) => {
    const train = await write("fine.txt", columns);
    const given =
      typeof options === "object" && Object.keys(options).length ? { train, ...options } : options;
    await expect(loadDataset(given as never)).rejects.toMatchObject({
      code: "EARG",
      message: expect.stringMatching(message),
    });
  });
});

test("a dataset from arrays is held to the same rules", () => {
  const train = [{ tokens: ["Anna"], nerTags: ["B-PER"] }];
  expect(new DatasetDict({ train }).labels).toEqual(["B-PER"]);
  expect(() => new DatasetDict({ train, test: [{ tokens: ["a", "b"], nerTags: ["O"] }] })).toThrow(
    /example 1: 2 words but 1 tags/,
  );
  expect(() => new DatasetDict({ train, test: [...train, { tokens: ["a"], nerTags: ["O"] }] })).toThrow(
    /example 2, word 1 \("a"\): the training data has no label O/,
  );
  expect(() => new DatasetDict({ train: [3 as never] })).toThrow(/example 1: no tokens/);
  expect(() => new DatasetDict({})).toThrow(/no split is given/);
  expect(() => new DatasetDict({ train: "x" as never })).toThrow(/made from an array/);
});

describeIf(testData, needsData)("real corpora have their published counts", () => {
  // Entities begin at B-, as in the IOB2 files and WNUT-17.
  const counts = async (file: string) => {
    const examples = await readExamples(join(testData!, file));
    const entities: Record<string, number> = {};
    for (const tag of examples.flatMap(({ nerTags }) => nerTags!)) {
      if (tag.startsWith("B-")) entities[tag.slice(2)] = (entities[tag.slice(2)] ?? 0) + 1;
    }
    const words = examples.reduce((sum, { tokens }) => sum + tokens.length, 0);
    return { sentences: examples.length, words, entities };
  };

  test.each([
    ["train.txt", 14041, 203621, { LOC: 7140, MISC: 3438, ORG: 6321, PER: 6600 }],
    ["valid.txt", 3250, 51362, { LOC: 1837, MISC: 922, ORG: 1341, PER: 1842 }],
    ["test.txt", 3453, 46435, { LOC: 1668, MISC: 702, ORG: 1661, PER: 1617 }],
  ])("CoNLL-2003 %s", async (name, sentences, words, entities) => {
    expect(await counts(`conll2003/iob2/${name}`)).toEqual({ sentences, words, entities });
  });

  test.each([
    ["conll2003/iob1/eng.train", 14041, 203621],
    ["conll2003/iob1/eng.testa", 3250, 51362],
    ["conll2003/iob1/eng.testb", 3453, 46435],
    ["wnut17/wnut17train.conll", 3394, 62730],
    ["wnut17/emerging.dev.conll", 1009, 15733],
    ["wnut17/emerging.test.conll", 1287, 23394],
    ["wnut17/emerging.test.annotated", 1287, 23394],
  ])("%s", async (file, sentences, words) => {
    expect(await counts(file)).toMatchObject({ sentences, words });
  });

  const wnut = (name: string) => join(testData!, "wnut17", name);

  test("WNUT-17's invisible words are all there", async () => {
    const words = (await readExamples(wnut("emerging.dev.conll"))).flatMap(({ tokens }) => tokens);
    expect(words.filter((word) => word === "\ufe0f")).toHaveLength(4);
    expect(words).toContain("watched\u200bwas");
    expect(words).toContain("Dubbz\ufeff");
  });

  test("WNUT-17 loads with thirteen labels, and of several tags the first is taken, with a count", async () => {
    const train = wnut("wnut17train.conll");
    const validation = wnut("emerging.dev.conll");
    const data = await loadDataset({ train, validation, test: wnut("emerging.test.annotated") });
    expect(data.labels).toHaveLength(13);
    expect(data.labels.slice(0, 2)).toEqual(["B-corporation", "B-creative-work"]);
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const { notes } = await loadDataset({ train, test: wnut("emerging.test.conll"), log });
    const places = notes[0]!.places;
    expect(lines).toEqual([
      `${notes[0]!.message}\n  ${places.slice(0, 3).join("\n  ")}\n  and ${places.length - 3} more`,
    ]);
    expect(places[0]).toMatch(/emerging\.test\.conll:212 B-corporation,B-person,B-location$/);
    const text = readFileSync(wnut("emerging.test.conll"), "utf8");
    expect(places).toHaveLength(text.match(/\t.*,.*/g)!.length);
  });
});
