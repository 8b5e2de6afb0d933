import fc from "fast-check";
import { type ColumnOptions, readColumns } from "../../../lib/data/column_reader.ts";
import { Notes } from "../../../lib/data/notes.ts";

const read = (text: string, options: Partial<ColumnOptions> = {}) =>
  readColumns(text, { file: "x.conll", ...options }, new Notes());
const plain = (text: string, options: Partial<ColumnOptions> = {}) =>
  read(text, options).map(({ tokens, nerTags }) => [tokens, nerTags]);
const two = [
  [
    ["Anna", "left"],
    ["B-PER", "O"],
  ],
  [["Bonn"], ["B-LOC"]],
];

describe("sentences come out the same, however the file is laid out", () => {
  test.each([
    ["blanks", "Anna B-PER\nleft O\n\nBonn B-LOC\n"],
    ["tabs", "Anna\tB-PER\nleft\tO\n\nBonn\tB-LOC\n"],
    ["several blanks", "Anna   B-PER\n  left O\n\nBonn B-LOC\n"],
    ["four columns", "Anna NNP B-NP B-PER\nleft VBD B-VP O\n\nBonn NNP B-NP B-LOC\n"],
    ["five columns by tabs", "1\tAnna\tN\tx\tB-PER\n2\tleft\tV\tx\tO\n\n1\tBonn\tN\tx\tB-LOC\n", 1],
    ["CRLF", "Anna B-PER\r\nleft O\r\n\r\nBonn B-LOC\r\n"],
    ["CRLF, the last line ended by CR alone", "Anna B-PER\r\nleft O\r\n\r\nBonn B-LOC\r"],
    ["no last newline", "Anna B-PER\nleft O\n\nBonn B-LOC"],
    ["a separator of one tab", "Anna\tB-PER\nleft\tO\n\t\nBonn\tB-LOC\n"],
    ["a separator of blanks and tabs", "Anna B-PER\nleft O\n \t \nBonn B-LOC\n"],
    ["several separators, some at the ends", "\n\nAnna B-PER\nleft O\n\n\n\nBonn B-LOC\n\n\n"],
    ["document borders", "-DOCSTART- -X- O O\n\nAnna N B-PER\nleft V O\n-DOCSTART-\nBonn N B-LOC\n"],
    ["trailing tabs in a file of blanks", "Anna B-PER\t\nleft O\n\nBonn B-LOC\t\t\n"],
    ["trailing tabs in a file of tabs", "Anna\tB-PER\t\nleft\tO \t\n\nBonn\tB-LOC\n"],
  ] as [string, string, number?][])("%s", (_, text, ...[textColumn]) => {
    expect(plain(text, { textColumn })).toEqual(two);
  });
});

describe("comments", () => {
  const noted = (text: string) => {
    const notes = new Notes();
    const found = readColumns(text, { file: "x.conll" }, notes).map(({ tokens, nerTags }) => [
      tokens,
      nerTags,
    ]);
    return { found, notes: notes.toNotes("x.conll") };
  };

  test.each([
    [
      "CoNLL-U",
      "# sent_id = 1\n# text = Anna left\nAnna B-PER\nleft O\n\n# sent_id = 2\nBonn B-LOC\n",
      [1, 2, 6],
    ],
    [
      "GermEval's, with a tab",
      "#\thttp://x [2009]\nAnna\tN\tB-PER\nleft\tV\tO\n\n#\ty\nBonn\tN\tB-LOC\n",
      [1, 5],
    ],
    [
      "MultiCoNER's",
      "# id 9\tdomain=en\nAnna _ _ B-PER\nleft _ _ O\n\n# id 8\tdomain=en\nBonn _ _ B-LOC\n",
      [1, 5],
    ],
  ])("%s are left out, and counted", (_, text, lines) => {
    const { found, notes } = noted(text);
    expect(found).toEqual(two);
    expect(notes).toEqual([
      {
        message: `x.conll: ${lines.length} comment lines left out`,
        places: lines.map((line) => `x.conll:${line}`),
        routine: true,
      },
    ]);
  });

  test("a word that is or begins with # is a word", () => {
    const { found, notes } = noted("#\tO\n#ner\tB-PER\n\n#\tO\n");
    expect(found).toEqual([
      [
        ["#", "#ner"],
        ["O", "B-PER"],
      ],
      [["#"], ["O"]],
    ]);
    expect(notes).toEqual([]);
    expect(() => noted("a\tO\n\n#ner\n")).toThrow(/x\.conll:3: one column/);
  });
});

test("a column of word numbers is passed over, and said", () => {
  const text = "1\tAnna\tN\tB-PER\n2\tleft\tV\tO\n\n1\tBonn\tN\tB-LOC\n";
  const notes = new Notes();
  const found = readColumns(text, { file: "x.conll" }, notes);
  expect(found.map(({ tokens, nerTags }) => [tokens, nerTags])).toEqual(two);
  expect(notes.toNotes("x.conll")[0]).toMatchObject({
    message: expect.stringMatching(/1 column of word numbers passed over/),
    places: ["x.conll:1 column 0"],
  });
  expect(plain(text, { textColumn: 0 })[0]![0]).toEqual(["1", "2"]);
  expect(plain("1 CD O\n3 CD O\n")[0]![0]).toEqual(["1", "3"]);
});

test("CoNLL-U's ranges and empty nodes are no words, and said", () => {
  const sentence = "1-2\tvámonos\t_\t_\n1\tvamos\tV\tO\n2\tnos\tP\tO\n2.1\tx\t_\t_\n3\tAna\tN\tB-PER\n";
  const words = [
    ["vamos", "nos", "Ana"],
    ["O", "O", "B-PER"],
  ];
  const notes = new Notes();
  const found = readColumns(`${sentence}\n${sentence}`, { file: "x.conll" }, notes);
  expect(found.map(({ tokens, nerTags }) => [tokens, nerTags])).toEqual([words, words]);
  expect(found.map(({ source }) => [source!.line, source!.wordPerLine])).toEqual([
    [2, false],
    [8, false],
  ]);
  expect(notes.toNotes("x.conll").at(-1)).toMatchObject({
    message: expect.stringMatching(/^x\.conll: 4 lines numbered as a range \(1-2\) or an empty node/),
    places: ["x.conll:1", "x.conll:4", "x.conll:7", "x.conll:10"],
  });
  expect(plain(sentence, { textColumn: 1 })).toEqual([words]);
  expect(plain(sentence, { textColumn: 0 })[0]![0]).toEqual(["1-2", "1", "2", "2.1", "3"]);
  expect(plain("1-2 a O\n3.5 b O\n")[0]![0]).toEqual(["1-2", "3.5"]);
});

test("of two columns of tags one is chosen; -1 is the last", () => {
  const text = "Anna\tB-PER\tO\nleft\tO\tB-X\n";
  expect(plain(text, { labelColumn: 1 })[0]![1]).toEqual(["B-PER", "O"]);
  expect(plain(text, { labelColumn: 2 })[0]![1]).toEqual(["O", "B-X"]);
  expect(plain(text, { labelColumn: -1, textColumn: 0 })[0]![1]).toEqual(["O", "B-X"]);
});

test("of several tags the first is taken, each place noted; a label name with a comma is one label", () => {
  const notes = new Notes();
  const text = "a B-x,B-y\nb B-x,B-y\nc O\n\nd I-x,O\n";
  const found = readColumns(text, { file: "x.conll" }, notes);
  expect(found.map(({ nerTags }) => nerTags)).toEqual([["B-x", "B-x", "O"], ["I-x"]]);
  const places = ["x.conll:1 B-x,B-y", "x.conll:2 B-x,B-y", "x.conll:5 I-x,O"];
  expect(notes.toNotes("x.conll")[0]!.places).toEqual(places);
  expect(plain("a B-x,B-y\n", { labelNames: ["B-x,B-y"] })).toEqual([[["a"], ["B-x,B-y"]]]);
  expect(plain("a red,blue\n")).toEqual([[["a"], ["red,blue"]]]);
});

test("columns are taken by index", () => {
  const text = "O Anna B-PER\nO left O\n";
  expect(plain(text, { textColumn: 1, labelColumn: 2 })).toEqual([two[0]]);
  expect(plain(text, { textColumn: 1, labelColumn: 0 })).toEqual([
    [
      ["Anna", "left"],
      ["O", "O"],
    ],
  ]);
});

test("a word between tabs may hold blanks", () => {
  expect(plain("3 1/2\tO\nNew York\tB-LOC\n")).toEqual([
    [
      ["3 1/2", "New York"],
      ["O", "B-LOC"],
    ],
  ]);
});

test("only blanks and tabs divide columns: other white space and invisible characters are words", () => {
  const words = [
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\u0085",
    "\u3000",
    "\ufe0f",
    "a\u00a0b",
    "\v",
    "\ufeffDubbz",
  ];
  expect(plain(words.map((word) => `${word} O\n`).join(""))).toEqual([[words, words.map(() => "O")]]);
  expect(plain(words.map((word) => `${word}\tO\n`).join(""))).toEqual([[words, words.map(() => "O")]]);
});

test("a sentence knows its first line, and that words stand one a line", () => {
  const text = "-DOCSTART- -X- O\n\nAnna N B-PER\nleft V O\n\t\n\nBonn N B-LOC\n";
  expect(read(text).map(({ source }) => source)).toEqual([
    { file: "x.conll", line: 3, wordPerLine: true, document: 1 },
    { file: "x.conll", line: 7, wordPerLine: true, document: 1 },
  ]);
});

test("digits are names' indexes where names are given", () => {
  expect(plain("Anna 1\nleft 0\n", { labelNames: ["O", "B-PER"] })).toEqual([two[0]]);
});

test("a file of words alone is read where tags are optional", () => {
  expect(plain("Anna\nleft\n\nBonn\n", { labels: "optional" })).toEqual([
    [["Anna", "left"], undefined],
    [["Bonn"], undefined],
  ]);
  expect(plain("Anna B-PER\nleft O\n", { labels: "optional" })).toEqual([two[0]]);
});

describe("what cannot be read is refused with its line and a remedy", () => {
  test.each([
    ["a column too few", "Anna N B-PER\nleft O\n", /^x\.conll:2: 2 columns, but 3 columns .* in line 1; add/],
    ["a column too many", "Anna O\n\nNew York O\n", /^x\.conll:3: 3 columns.*tabs if a word holds a blank/],
    [
      "a row without its tag, between tabs",
      "Bonn\tO\nNew York\t\n",
      /^x\.conll:2: one column, but 2 columns/,
    ],
    [
      "tabs after a first row of blanks",
      "New York\t\nBonn\tB-LOC\n",
      /^x\.conll:2: tabs .* blanks in line 1; use tabs/,
    ],
    [
      "blanks after a first row of tabs",
      "Bonn\tO\nAnna O\n",
      /^x\.conll:2: one column, but 2 columns \(separated by tabs/,
    ],
    ["words without tags", "\nAnna\nleft\n", /^x\.conll:2: one column, but a word and its tag need two/],
    ["an empty word", "Anna\tO\n\tO\n", /^x\.conll:2: the word is empty/],
    ["an empty word of blanks", "Anna\tO\n  \tO\n", /^x\.conll:2: the word is empty/],
    ["an empty tag", "Anna\tO\t1\nleft\t \t1\n", /^x\.conll:2: the tag is empty/, { labelColumn: 1 }],
    [
      "an empty tag below several tags",
      "Anna\tB-a,B-b\t1\nleft\t\t1\n",
      /^x\.conll:2: the tag is empty/,
      { labelColumn: 1 },
    ],
    ["a header row", "# x\nToken POS Tag\nAnna N B-PER\n", /^x\.conll:2: a row of names \(Token, Tag\).*tsv/],
    ["lone carriage returns", "Anna O\rleft O\r", /^x\.conll:1: a carriage return/],
    ["a torn line", "Anna O\nle\rft O\n", /^x\.conll:2: a carriage return/],
    ["nothing but separators", "\n \n\t\n", /^x\.conll:1: no sentence/],
    ["nothing but document borders", "-DOCSTART- -X- O O\n\n", /^x\.conll:1: no sentence/],
    [
      "a label column outside",
      "Anna O\n",
      /^x\.conll:1: the label column is 4, .* 0 to 1.*--label-column-name/,
      { labelColumn: 4 },
    ],
    [
      "a text column outside",
      "Anna O\n",
      /^x\.conll:1: the text column is 2, .*--text-column-name/,
      { textColumn: 2 },
    ],
    ["one column as both", "Anna O\n", /^x\.conll:1: column 1 would be both/, { textColumn: 1 }],
    ["digits without names", "Anna O\nleft 3\n", /^x\.conll:2: the tag is the integer 3, .*--label-names/],
    [
      "a digit beyond the names",
      "Anna 7\n",
      /^x\.conll:1: the tag is the integer 7, .* 0 to 0/,
      { labelNames: ["O"] },
    ],
  ] as [string, string, RegExp, Partial<ColumnOptions>?][])("%s", (_, text, message, ...[options]) => {
    expect(() => read(text, options)).toThrow(message);
    expect(() => read(text, options)).toThrow(expect.objectContaining({ code: "EDATA" }));
  });
});

test("the word word is a word", () => {
  expect(plain("word O\ntoken B-X\n")).toEqual([
    [
      ["word", "token"],
      ["O", "B-X"],
    ],
  ]);
});

test("a word that begins like a document border is a word", () => {
  expect(plain("-DOCSTART-X O\n")).toEqual([[["-DOCSTART-X"], ["O"]]]);
});

describe("what is written is read back", () => {
  const word = fc
    .string({ unit: "binary", minLength: 1, maxLength: 8 })
    .filter((text) => !/[ \t\r\n]/.test(text));
  const tag = fc.constantFrom("O", "B-PER", "I-PER", "B-LOC");
  const sentences = fc.array(fc.array(fc.tuple(word, tag), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 5,
  });
  const gap = fc.constantFrom("", " ", "\t", " \t ");

  test.each(["\t", " ", "   "])("columns divided by %j", (apart) => {
    fc.assert(
      fc.property(
        sentences,
        gap,
        fc.nat(3),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        (data, separator, extra, end, last) => {
          const rows = data.map((rows) =>
            rows.map(([w, t]) => [w, ...Array(extra).fill("x"), t].join(apart)).join(end),
          );
          const text = rows.join(end + separator + end) + (last ? end : "");
          const expected = data.map((rows) => [rows.map(([w]) => w), rows.map(([, t]) => t)]);
          expect(plain(text)).toEqual(expected);
        },
      ),
    );
  });

  test("each word stands on the line that its sentence's source says", () => {
    fc.assert(
      fc.property(sentences, gap, (data, separator) => {
        const text = data.map((rows) => rows.map(([w, t]) => `${w}\t${t}\n`).join("")).join(`${separator}\n`);
        const lines = text.split("\n");
        for (const { tokens, source } of read(text)) {
          for (const [i, token] of tokens.entries())
            expect(lines[source!.line - 1 + i]!.split("\t")[0]).toBe(token);
        }
      }),
    );
  });
});

test("any text is read or refused with a line, never anything else", () => {
  const piece = fc.constantFrom(
    "a",
    "O",
    "B-PER",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "-DOCSTART-",
    "{",
    "é",
    "7",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.constantFrom("required", "optional"),
      (pieces, labels) => {
        try {
          for (const { tokens, nerTags } of read(pieces.join(""), { labels })) {
            expect(tokens.length).toBeGreaterThan(0);
            expect(nerTags?.length ?? tokens.length).toBe(tokens.length);
          }
        } catch (error) {
          expect(error).toMatchObject({
            code: "EDATA",
            message: expect.stringMatching(/^x\.conll:\d+: .+\.$/),
          });
        }
      },
    ),
    { numRuns: 1000 },
  );
});
