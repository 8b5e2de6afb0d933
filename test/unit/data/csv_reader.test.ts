/** Tables with a header row, as people and their tools write them. */
import fc from "fast-check";
import { type ReadOptions, readExamples } from "../../../lib/data/read_examples.ts";
import type { Example } from "../../../lib/data/types.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();
const labelNames = ["O", "B-PER", "I-PER", "B-LOC"];

const read = async (file: string, options?: ReadOptions) => (await readExamples(file, options)).examples;
const content = (examples: Iterable<Example>) =>
  [...examples].map(({ tokens, nerTags }) => ({ tokens, nerTags }));
const refused = (message: RegExp) => ({ code: "EDATA", message: expect.stringMatching(message) });

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
