/** Tables, as Python's tools write them (test/fixtures/data/make_tables.py) and as people do. */
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CompressionType, setCompressionCodec, tableFromArrays, tableToIPC } from "@uwdata/flechette";
import fc from "fast-check";
import { parquetWriteFile } from "hyparquet-writer";
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

describe("CSV", () => {
  const table = async (text: string, options?: ReadOptions) =>
    content(await read(await write("t.csv", text), options));
  const anna = [
    { tokens: ["Anna", "left"], nerTags: ["B-PER", "O"] },
    { tokens: ["Bye"], nerTags: ["O"] },
  ];

  test.each([
    ["a row per word, sentences numbered on each", "sentence_id,word,tag\n1,Anna,B-PER\n1,left,O\n2,Bye,O\n"],
    [
      "sentences numbered on their first row",
      "Sentence #,Word,POS,Tag\n1,Anna,N,B-PER\n,left,V,O\n2,Bye,I,O",
    ],
    [
      "sentences numbered within each document",
      "doc_id,sentence_id,word,tag\n1,1,Anna,B-PER\n1,1,left,O\n1,2,Bye,O\n",
    ],
    [
      "the same number in the next document",
      "sentence_id,doc_id,word,tag\n1,1,Anna,B-PER\n1,1,left,O\n1,2,Bye,O\n",
    ],
    ["sentences between empty lines", "word,tag\r\nAnna,B-PER\r\nleft,O\r\n\r\nBye,O\r\n"],
    ["semicolons", "word;tag;sent\nAnna;B-PER;1\nleft;O;1\nBye;O;2\n"],
    ["a row per sentence, tags apart by commas", 'sentence,word_labels\nAnna left,"B-PER,O"\nBye,O\n'],
    ["tags apart by blanks", "text,labels\nAnna left,B-PER O\nBye,O\n"],
    ["JSON lists", 'tokens,ner_tags\n"[""Anna"", ""left""]","[""B-PER"", ""O""]"\n"[""Bye""]","[""O""]"\n'],
    ["numpy's lists", "tokens,ner_tags\n['Anna' 'left'],['B-PER' 'O']\n['Bye'],['O']\n"],
    ["empty lines above the header", "\r\n\nword;tag;sent\nAnna;B-PER;1\nleft;O;1\nBye;O;2\n"],
    ["numbered rows of a sentence each", "sentence_id,text,labels\n1,Anna left,B-PER O\n2,Bye,O\n"],
    ["several sentences of a document", "doc_id,text,labels\n1,Anna left,B-PER O\n1,Bye,O\n"],
    [
      "a text beside lists of tags",
      "Sentence #,Sentence,Tag\nSentence: 1,Anna left,\"['B-PER', 'O']\"\nSentence: 2,Bye,['O']\n",
    ],
    ["two columns of any name", 'a,b\nAnna left,"B-PER,O"\nBye,O\n'],
  ])("%s", async (_, text) => {
    expect(await table(text)).toEqual(anna);
  });

  test("a word with two tags is a word, and a sentence may stand in brackets", async () => {
    expect(await table('sentence_id,word,tag\n1,Anna,"B-a,B-b"\n1,left,O\n')).toEqual([
      { tokens: ["Anna", "left"], nerTags: ["B-a", "O"] },
    ]);
    expect(await table("text,tags\n[ Reuters ],O B-ORG O\n")).toEqual([
      { tokens: ["[", "Reuters", "]"], nerTags: ["O", "B-ORG", "O"] },
    ]);
  });

  test("only blanks, tabs and line ends stand around words", async () => {
    const words = ["\u00a0", "\ufeffDubbz", "a\u00a0b", "\u200b", "\u3000"];
    const tags = words.map(() => "O");
    const rows = words.map((word) => `1, ${word} ,O\n`).join("");
    expect(await table(`sentence_id,word,tag\n${rows}`)).toEqual([{ tokens: words, nerTags: tags }]);
    expect(await table(`text,labels\n${words.join(" ")},${tags.join(" ")}\n`)).toEqual([
      { tokens: words, nerTags: tags },
    ]);
  });

  test("what Python escapes in a list is the character again", async () => {
    const text = String.raw`tokens,ner_tags
"['\U000e0067x', '\u200b', '\xa0', 'a\\b', 'it\'s']","['O', 'O', 'O', 'O', 'O']"
`;
    expect((await table(text))[0]!.tokens).toEqual(["\u{e0067}x", "\u200b", "\u00a0", "a\\b", "it's"]);
  });

  test("columns by name or index, integers by label names", async () => {
    const text = "id,x,y\n1,Anna left,1 0\n2,Bye,0\n";
    expect(await table(text, { textColumn: "x", labelColumn: "y", labelNames })).toEqual(anna);
    expect(await table(text, { textColumn: 1, labelColumn: "-1", labelNames })).toEqual(anna);
  });

  test("a test file may come without tags", async () => {
    const file = await write("plain.csv", "text\nAnna left\n");
    expect(await read(file, { labels: "optional" })).toMatchObject([{ tokens: ["Anna", "left"] }]);
    const numbered = await write("numbered.csv", "id,text\n1,Anna left\n");
    const both = await write("both.csv", "sentence_id,text\n1,Anna left\n2,Bye\n");
    expect((await read(both, { labels: "optional" })).map(({ tokens }) => tokens)).toEqual([
      ["Anna", "left"],
      ["Bye"],
    ]);
    const words = await write("words.csv", "sentence_id,word\n1,New York\n1,sleeps\n");
    expect((await read(words, { labels: "optional" })).map(({ tokens }) => tokens)).toEqual([
      ["New York", "sleeps"],
    ]);
    expect(content(await read(numbered, { labels: "optional" }))).toEqual([
      { tokens: ["Anna", "left"], nerTags: undefined },
    ]);
  });

  test("the source is the row's line, also below a cell with line ends in it", async () => {
    const file = await write("lines.csv", 'note,text,labels\n"a\nb",Anna left,B-PER O\n,Bye,O\n');
    expect((await read(file)).map(({ source }) => source!.line)).toEqual([2, 4]);
  });

  test.each([
    [
      "no column can be told",
      "a,b,c\n1,2,3\n",
      /t\.csv:1: which column holds the words\? The columns are a, b, c/,
    ],
    [
      "a misspelt column",
      "words,tags\na,O\n",
      /no column word; did you mean words\?/,
      { textColumn: "word" },
    ],
    [
      "words in the second of two columns, tags in one of another name,",
      "ner_labels,text\nB-PER O,Anna left\n",
      /t\.csv:1: which column holds the tags\? The columns are ner_labels, text/,
    ],
    [
      "tags in the first of two columns, words in one of another name,",
      "tags,words_of_it\nB-PER O,Anna left\n",
      /t\.csv:1: which column holds the words\? The columns are tags, words_of_it/,
    ],
    [
      "one column for both",
      "tags,x\nO,a\n",
      /t\.csv:1: column tags would hold both words and tags; name the other/,
      { textColumn: "tags" },
    ],
    [
      "a column whose name another one has too",
      "word,tag,tag\na,O,B-X\n",
      /t\.csv:1: two columns are called tag; give one another name/,
      { labelColumn: 2 },
    ],
    ["cells that are missing", "text,labels\nAnna,O\nleft\n", /t\.csv:3: 1 cells, but 2 in the header/],
    ["words and tags that differ", "text,labels\nAnna left,O O O\n", /t\.csv:2: 2 words but 3 tags/],
    ["a quote that stays open", 'text,labels\n"Anna,O\n', /t\.csv:2: a quote that is never closed/],
    ["text behind a quote", 'text,labels\n"Anna"s,O\n', /t\.csv:2: text after a closing quote/],
    [
      "a quote for a word, which would swallow the lines up to the next one,",
      'sentence_id,word,tag\n1,Hello,O\n1,",O\n1,Anna,B-PER\n1,",O\n',
      /t\.csv:3: a quote opens here and is closed lines below; .* written "{4}\./,
    ],
    ["an empty word", "sentence_id,word,tag\n1,,O\n", /t\.csv:2: the word is empty/],
    ["an empty tag", "sentence_id,word,tag\n1,a,\n", /t\.csv:2: the tag is empty/],
    ["a byte order mark alone", "\ufeff", /t\.csv:1: no header row; name the columns/],
    ["nothing but empty lines", "\n\r\n", /t\.csv:1: no header row/],
    ["an unknown header below an empty line", "\na,b,c\n1,2,3\n", /t\.csv:2: which column holds the words/],
    ...[
      "['a' 'b' ... 'c'],['O' 'O' ... 'O']",
      "\"['a', nan]\",\"['O', 'O']\"",
      "\"[np.str_('a'), 'b']\",\"['O', 'O']\"",
      'a b,"[0.0, 1.0]"',
      'a b,"[np.int64(0), np.int64(1)]"',
    ].map((row): [string, string, RegExp] => [
      `the list in ${row}`,
      `tokens,ner_tags\n${row}\n`,
      /t\.csv:2: the list of (words|tags) cannot be read \(.*\); write it as JSON, all of it/,
    ]),
    ["no row", "text,labels\n", /t\.csv:1: no row below the header/],
    [
      "words without sentences",
      "word,tag\na,O\nb,O\n",
      /t\.csv:2: 2 rows of one word each, and nothing tells/,
    ],
  ] as [string, string, RegExp, ReadOptions?][])("%s is refused", async (_, text, message, options = {}) => {
    await expect(table(text, options)).rejects.toMatchObject(refused(message));
  });

  test("what is written by the rules is read as it was", async () => {
    const word = fc
      .string({ unit: "binary", minLength: 1 })
      .filter((text) => !/^[ \t]|[ \t]$|[\r\n]/.test(text));
    const sentence = fc.array(fc.record({ word, tag: fc.constantFrom("O", "B-PER", "I-PER") }), {
      minLength: 1,
    });
    const cell = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { minLength: 1, maxLength: 4 }), async (sentences) => {
        const rows = sentences.flatMap((words, i) =>
          words.map(({ word: text, tag }) => [i, text, tag].map(cell).join(",")),
        );
        const file = await write("property.csv", `sentence_id,word,tag\r\n${rows.join("\r\n")}\r\n`);
        expect(content(await read(file))).toEqual(
          sentences.map((words) => ({
            tokens: words.map(({ word: text }) => text),
            nerTags: words.map(({ tag }) => tag),
          })),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe("TSV", () => {
  test("with a header row it is a table, without one a column file", async () => {
    for (const name of ["head.tsv", "head.txt"]) {
      const table = await write(name, "tokens\tner_tags\nAnna left\tB-PER O\n");
      expect(content(await read(table))).toEqual([{ tokens: ["Anna", "left"], nerTags: ["B-PER", "O"] }]);
    }
    const columns = await write("plain.tsv", "Anna\tB-PER\nleft\tO\n");
    expect(content(await read(columns))).toEqual([{ tokens: ["Anna", "left"], nerTags: ["B-PER", "O"] }]);
    expect(await read(columns, { format: "conll" })).toHaveLength(1);
  });
});

test.each([
  ["two quotes for words", '"\tO\nAnna\tB-PER\n"\tO\n'],
  ["one quote for a word", '"\tO\nAnna\tB-PER\n'],
  ["a quote before a word", '"Anna"s\tO\n'],
])("%s in a tab-separated table without quoting: the way out is said", async (_, rows) => {
  const file = await write("quotes.tsv", `word\ttag\n${rows}`);
  await expect(read(file)).rejects.toMatchObject(
    refused(/quotes\.tsv:2: .* \(or take the header row out: in columns a quote is a word\)\.$/),
  );
  expect(await read(await write("quotes.txt", rows))).toHaveLength(1);
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

describe("a folder's files are found by their names", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "torchner-splits-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = async (name: string, words: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `${words} O\n`);
  };
  const found = async () => {
    const { train, validation, test: last } = await loadDataset(folder);
    return [train, validation, last].map(
      (split) => split && [...split].flatMap(({ tokens }) => tokens).join(" "),
    );
  };

  test.each([
    [["train.txt", "valid.txt", "test.txt"]],
    [["eng.train", "eng.testa", "eng.testb"]],
    [["wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"]],
    [["data/train.conll", "data/dev.conll", "data/eval.conll"]],
    [["train/a.txt", "validation/a.txt", "test/a.txt"]],
    [["name/train/0000.conll", "name/validation/0000.conll", "name/test/0000.conll"]],
  ])("%j", async (names) => {
    for (const [i, name] of names.entries()) await put(name, ["first", "second", "third"][i]!);
    await put("README.md", "x");
    await put("train_notes.md", "x");
    const [train, validation, last] = await found();
    expect([train, validation, last]).toEqual(["first", "second", "third"]);
  });

  test("the parts of a split are read in order", async () => {
    await put("train-00001-of-00002.conll", "b");
    await put("train-00000-of-00002.conll", "a");
    expect(await found()).toEqual(["a b", undefined, undefined]);
  });

  test("a part that is missing is missed", async () => {
    await put("train-00001-of-00003.conll", "b");
    await put("train-00000-of-00003.conll", "a");
    await expect(found()).rejects.toMatchObject(refused(/2 of 3 parts are there \(train-00000-of-00003/));
  });

  test("files of a folder are joined where it is called after their split", async () => {
    await put("train/a.conll", "a");
    await put("train/b.conll", "b");
    expect(await found()).toEqual(["a b", undefined, undefined]);
    await put("tests/train_1.conll", "c");
    await rm(join(folder, "train"), { recursive: true });
    await put("tests/train_2.conll", "d");
    await expect(found()).rejects.toMatchObject(refused(/several files may be train: tests.train_1/));
  });

  test("of a saved dataset's splits the one of that very name is taken, else nothing is guessed", async () => {
    const save = async (...names: string[]) => {
      await writeFile(join(folder, "dataset_dict.json"), JSON.stringify({ splits: names }));
      for (const name of names) await cp(join(fixtures, "saved"), join(folder, name), { recursive: true });
    };
    await save("train", "test_easy", "test", "test_hard");
    expect((await loadDataset(folder)).test).toHaveLength(expected.length);
    await save("train", "test_easy", "test_hard");
    await expect(found()).rejects.toMatchObject(refused(/several files may be test: test_easy, test_hard/));
    await save("corpus");
    await expect(found()).rejects.toMatchObject(refused(/no file with train, .* among corpus; name the/));
  });

  test("a file that was named goes before those of the folder", async () => {
    await put("train.txt", "found");
    await put("other.txt", "named");
    await put("train_old.txt", "older");
    const data = await loadDataset({ dataset: folder, train: join(folder, "other.txt") });
    expect(data.train.at(0).tokens).toEqual(["named"]);
  });

  test("several files for one split, or none, are refused by name", async () => {
    await put("data.txt", "a");
    await expect(loadDataset(folder)).rejects.toMatchObject(
      refused(/no file with train, .* among data\.txt; name the/),
    );
    await put("train.txt", "a");
    await put("train_big.txt", "a");
    await expect(loadDataset(folder)).rejects.toMatchObject(
      refused(/several files may be train: train\.txt, train_big\.txt; name the one/),
    );
  });
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
