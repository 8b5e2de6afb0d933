/** Exports of annotation tools, in the shapes that the tools write. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type ReadOptions, readExamples } from "../../../lib/data/read_examples.ts";
import { splitWords } from "../../../lib/data/spans/split_words.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();

async function read(name: string, content: string, options?: ReadOptions) {
  const { examples, notes } = await readExamples(await write(name, content), options);
  return {
    sentences: examples.map(({ tokens, nerTags }) => [tokens, nerTags]),
    notes: notes
      .flatMap(({ message, places }) => [message, ...places])
      .map((line) => line.replace(/^.*\//, "")),
    lines: examples.map(({ source }) => source!.line),
  };
}

const anna = "\u{1f600} Anna Berg left Oslo.";
const expected = [
  [
    ["\u{1f600}", "Anna", "Berg", "left", "Oslo", "."],
    ["O", "B-PER", "I-PER", "O", "B-LOC", "O"],
  ],
];
// Python's tools count code points (the emoji is one), Label Studio's front end UTF-16 code units (it is two).
const person = { start: 2, end: 11, label: "PER" };
const place = { start: 17, end: 21, label: "LOC" };
const triples = [person, place].map(({ start, end, label }) => [start, end, label]);
const inStudio = ({ start, end, label }: typeof person) => ({
  value: { start: start + 1, end: end + 1, labels: [label], text: "" },
  type: "labels",
});

describe("one text and its two entities, however the tool writes them", () => {
  const line = (value: unknown) => `${JSON.stringify(value)}\n`;
  const offsets = ({ start, end, label }: typeof person) => ({
    id: 1,
    start_offset: start,
    end_offset: end,
    label,
  });
  const studio = {
    id: 1,
    data: { text: anna },
    annotations: [{ result: [inStudio(person), inStudio(place)] }],
  };
  test.each<[string, string, string]>([
    ["doccano, label", "d.jsonl", line({ id: 1, text: anna, label: triples })],
    ["doccano, labels", "d.json", line({ text: anna, labels: triples })],
    [
      "doccano with relations",
      "d.jsonl",
      line({ text: anna, entities: [person, place].map(offsets), relations: [] }),
    ],
    ["Prodigy", "d.jsonl", line({ text: anna, _input_hash: 1, spans: [person, place], answer: "accept" })],
    ["Label Studio", "d.json", JSON.stringify([studio], null, 2)],
    [
      "Label Studio, JSON-MIN",
      "d.json",
      JSON.stringify([{ text: anna, label: [person, place].map((one) => inStudio(one).value) }]),
    ],
    ["spaCy, objects", "d.jsonl", line({ text: anna, entities: triples })],
    ["spaCy, training tuples", "d.json", JSON.stringify([[anna, { entities: triples }]])],
  ])("%s", async (_, name, content) => {
    const { sentences, notes } = await read(name, content);
    expect(sentences).toEqual(expected);
    expect(notes).toEqual([]);
  });

  const bare = { text: "Nobody." };
  test.each<[string, string, unknown[]]>([
    [
      "doccano",
      "d.jsonl",
      [
        { ...bare, label: [] },
        { text: anna, label: triples },
      ],
    ],
    [
      "Prodigy",
      "d.jsonl",
      [
        { ...bare, spans: [] },
        { text: anna, spans: [person, place] },
      ],
    ],
    [
      "spaCy",
      "d.jsonl",
      [
        { ...bare, entities: [] },
        { text: anna, entities: triples },
      ],
    ],
    [
      "Label Studio, JSON-MIN",
      "d.json",
      [bare, { text: anna, label: studio.annotations[0]!.result.map(({ value }) => value) }],
    ],
  ])("%s is known by its first record with a span", async (_, name, records) => {
    const content = name.endsWith(".json") ? JSON.stringify(records, null, 2) : records.map(line).join("");
    expect((await read(name, content)).sentences).toEqual([
      [
        ["Nobody", "."],
        ["O", "O"],
      ],
      expected[0],
    ]);
  });

  test("spaCy's training tuples may stand one a line", async () => {
    const tuples = line([anna, { entities: triples }]).repeat(2);
    const { sentences, lines } = await read("t.jsonl", tuples);
    expect(sentences).toEqual([expected[0], expected[0]]);
    expect(lines).toEqual([1, 2]);
  });

  test("Prodigy's own tokens are the words", async () => {
    const tokens = [
      { text: "Anna-Berg", start: 0, end: 9, id: 0 },
      { text: " ", start: 9, end: 10, id: 1 },
      { text: "left", start: 10, end: 14, id: 2 },
    ];
    const record = { text: "Anna-Berg left", tokens, spans: [{ start: 0, end: 9, label: "PER" }] };
    expect((await read("t.jsonl", line(record))).sentences).toEqual([
      [
        ["Anna-Berg", "left"],
        ["B-PER", "O"],
      ],
    ]);
  });
});

describe("brat", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "torchner-brat-"));
    await writeFile(join(folder, "a.txt"), `${anna}\n`);
    await writeFile(
      join(folder, "a.ann"),
      "T1\tPER 2 11\tAnna Berg\nR1\tRel Arg1:T1 Arg2:T2\nT2\tLOC 17 21\tOslo\n",
    );
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("a folder, either file of a pair, and one named as brat's give the same", async () => {
    for (const [path, format] of [
      [folder],
      [join(folder, "a.ann")],
      [join(folder, "a.txt"), "brat"],
    ] as const) {
      const { examples, notes } = await readExamples(path!, { format });
      expect(examples.map(({ tokens, nerTags }) => [tokens, nerTags])).toEqual(expected);
      expect(notes[0]!.message).toMatch(/1 line without an entity/);
      expect(notes[0]!.places[0]).toMatch(/a\.ann:2 R1$/);
    }
  });

  test("sentences and spans have the line of the text", async () => {
    await writeFile(join(folder, "a.txt"), "\nAnna\r\n\r\nleft Oslo\nnow\n");
    await writeFile(join(folder, "a.ann"), "T1\tLOC 15 18\tslo\n");
    const { examples, notes } = await readExamples(folder);
    expect(examples.map(({ tokens, source }) => [tokens, source!.line])).toEqual([
      [["Anna"], 2],
      [["left", "Oslo"], 4],
      [["now"], 5],
    ]);
    expect(notes[0]!.places).toEqual([expect.stringMatching(/a\.txt:4 "slo" LOC -> "Oslo"$/)]);
  });

  test("a long text with many spans is read at once, code points or not", async () => {
    const count = 20_000;
    await writeFile(join(folder, "a.txt"), `\u{1f600}${"ab ".repeat(count)}`);
    const rows = Array.from({ length: count }, (_, i) => `T${i}\tX ${3 * i + 1} ${3 * i + 3}\tab\n`);
    await writeFile(join(folder, "a.ann"), rows.join(""));
    const start = performance.now();
    const { examples } = await readExamples(folder);
    expect(examples[0]!.nerTags!.filter((tag) => tag === "B-X")).toHaveLength(count);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("a text without annotations is said, annotations without a text are refused", async () => {
    await writeFile(join(folder, "notes.txt"), "to do\n");
    await writeFile(join(folder, "none.txt"), "nobody\n");
    await writeFile(join(folder, "none.ann"), "");
    const { examples, notes } = await readExamples(folder);
    expect(examples.map(({ tokens }) => tokens.at(-1))).toEqual([".", "nobody", "do"]);
    expect(notes.at(-1)).toMatchObject({
      message: `${folder}: 1 text without an .ann file beside it, taken as one without an entity`,
      places: [join(folder, "notes.txt")],
    });
    await rm(join(folder, "none.txt"));
    await expect(readExamples(folder)).rejects.toThrow(/none\.ann:1: there is no .*none\.txt/);
  });

  test("offsets that lead to another text than the annotation says are listed", async () => {
    await writeFile(join(folder, "a.txt"), "Nils and Anna\r\nBerg left Oslo\n");
    const rows = [
      "T1\tPER 9 19\tAnna Berg",
      "T2\tLOC 25 29\tslo\n",
      "T3\tX 0 4;9 13\tNils Anna",
      "T4\tY 5 8",
    ];
    await writeFile(join(folder, "a.ann"), rows.join("\n"));
    const { notes } = await readExamples(folder);
    expect(notes.find(({ message }) => message.includes("another text"))!.places).toEqual([
      `${join(folder, "a.ann")}:2 "slo" but "Oslo"`,
    ]);
  });

  test("a torn line and a text that is missing are refused by name", async () => {
    await writeFile(join(folder, "a.ann"), "T1 PER 2 11 Anna\n");
    await expect(readExamples(folder)).rejects.toThrow(
      /a\.ann:1: not brat's T1<tab>LABEL START END<tab>TEXT/,
    );
    await rm(join(folder, "a.txt"));
    await mkdir(join(folder, "b"));
    await expect(readExamples(join(folder, "a.ann"))).rejects.toThrow(/there is no .*a\.txt/);
  });
});

describe("spans that do not fit are listed, each with its place", () => {
  const spans = (text: string, ...label: [number, number, string][]) => JSON.stringify({ text, label });

  test("one that ends inside a word is widened", async () => {
    const { sentences, notes } = await read("w.jsonl", spans("in Oslo now", [3, 5, "LOC"]));
    expect(sentences[0]![1]).toEqual(["O", "B-LOC", "O"]);
    expect(notes).toEqual([
      "w.jsonl: 1 span off the word borders, widened to whole words",
      'w.jsonl:1 "Os" LOC -> "Oslo"',
    ]);
  });

  test("blanks at its ends are no fault; blanks alone are no entity", async () => {
    const { sentences, notes } = await read("w.jsonl", spans("in Oslo now", [2, 8, "LOC"], [7, 8, "X"]));
    expect(sentences[0]![1]).toEqual(["O", "B-LOC", "O"]);
    expect(notes).toEqual(["w.jsonl: 1 span without a word, left out", 'w.jsonl:1 " " X']);
  });

  test("of two that overlap the longer stays", async () => {
    const { sentences, notes } = await read("w.jsonl", spans("New York City", [4, 8, "A"], [0, 13, "B"]));
    expect(sentences[0]![1]).toEqual(["B-B", "I-B", "I-B"]);
    expect(notes[0]).toBe("w.jsonl: 1 span overlapping a longer one, left out");
  });

  test("one over a line break is cut there, and each line is a sentence", async () => {
    const { sentences, notes } = await read("w.jsonl", spans("New\nYork", [0, 8, "LOC"]));
    expect(sentences).toEqual([
      [["New"], ["B-LOC"]],
      [["York"], ["B-LOC"]],
    ]);
    expect(notes[0]).toBe("w.jsonl: 1 span over a line break, cut there");
  });

  test("what an annotator rejected or left out is counted", async () => {
    const records = ["accept", "reject", "ignore"].map((answer) => ({
      text: "a b",
      spans: [person],
      answer,
    }));
    records[0]!.spans = [{ start: 0, end: 1, label: "X" }];
    const { sentences, notes } = await read("p.jsonl", records.map((one) => JSON.stringify(one)).join("\n"));
    expect(sentences).toHaveLength(1);
    expect(notes[0]).toBe("p.jsonl: 2 texts rejected or skipped by the annotator, left out");
  });
});

test.each([
  [
    "outside the text",
    { text: "ab", label: [[0, 9, "X"]] },
    /s\.jsonl:1: the span \[0, 9, "X"\] does not lie in the text/,
  ],
  ["the wrong way round", { text: "ab", label: [[1, 0, "X"]] }, /does not lie in the text/],
  ["without a label", { text: "ab", label: [[0, 1, ""]] }, /has no label/],
])("a span %s is refused by line", async (_, record, message) => {
  await expect(read("s.jsonl", JSON.stringify(record))).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(message),
  });
});

test("a file without a span is refused, but where tags are optional it has none", async () => {
  const text = JSON.stringify({ text: "a b", spans: [] });
  const options: ReadOptions = { format: "prodigy" };
  await expect(read("n.jsonl", text, options)).rejects.toThrow(
    /n\.jsonl:1: no annotated span in 1 texts of prodigy/,
  );
  expect((await read("n.jsonl", text, { ...options, labels: "optional" })).sentences).toEqual([
    [["a", "b"], undefined],
  ]);
});

test("spans on word borders come back as the entities that were put in", async () => {
  const word = fc
    .stringMatching(/^[a-z\u00e9\u{1f600}]{1,5}$/u)
    .filter((text) => splitWords(text).length === 1);
  const entity = fc.record({
    words: fc.array(word, { minLength: 1, maxLength: 3 }),
    label: fc.constantFrom("A", "B", undefined),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entity, { minLength: 1, maxLength: 6 }), async (entities) => {
      fc.pre(entities.some(({ label }) => label));
      let text = "";
      const label: [number, number, string][] = [];
      const tags: string[] = [];
      for (const { words, label: type } of entities) {
        if (text) text += " ";
        const start = [...text].length;
        text += words.join(" ");
        if (type) label.push([start, [...text].length, type]);
        tags.push(...words.map((_, i) => (type ? `${i === 0 ? "B" : "I"}-${type}` : "O")));
      }
      const { sentences, notes } = await read("p.jsonl", JSON.stringify({ text, label }));
      expect(sentences).toEqual([[entities.flatMap(({ words }) => words), tags]]);
      expect(notes).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
