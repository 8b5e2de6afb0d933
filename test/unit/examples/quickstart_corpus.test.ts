import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../support/shared.ts";

interface Sentence {
  words: string[];
  tags: string[];
}

/** Read apart from lib/data on purpose: the corpus is a fixture of the readers' tests as well. */
function read(split: string): Sentence[] {
  const text = readFileSync(join(projectRoot, "examples", "quickstart", `${split}.txt`), "utf8");
  return text
    .trim()
    .split("\n\n")
    .map((block) => {
      const rows = block.split("\n").map((line) => line.split("\t"));
      expect(rows.every((row) => row.length === 2 && row[0] !== "")).toBe(true);
      return { words: rows.map((row) => row[0] as string), tags: rows.map((row) => row[1] as string) };
    });
}

/** Surface forms of the names in one sentence, in order. */
function names({ words, tags }: Sentence): string[] {
  const found: string[][] = [];
  tags.forEach((tag, i) => {
    if (tag.startsWith("B-")) found.push([words[i] as string]);
    else if (tag.startsWith("I-")) found.at(-1)?.push(words[i] as string);
  });
  return found.map((name) => name.join(" "));
}

/** The sentence with each name replaced by its type's mark: two sentences from one template share it. */
function pattern({ words, tags }: Sentence): string {
  const kept = words.map((word, i) =>
    tags[i] === "O" ? word.toLowerCase() : tags[i]?.startsWith("B-") ? "_" : "",
  );
  return kept.filter((word) => word !== "").join(" ");
}

const corpus = { train: read("train"), validation: read("validation"), test: read("test") };
const everything = [...corpus.train, ...corpus.validation, ...corpus.test];

test("each split has at least its promised number of sentences", () => {
  expect(corpus.train.length).toBeGreaterThanOrEqual(420);
  expect(corpus.validation.length).toBeGreaterThanOrEqual(110);
  expect(corpus.test.length).toBeGreaterThanOrEqual(110);
});

test("the corpus' README states the counts that are there", () => {
  const readme = readFileSync(join(projectRoot, "examples", "quickstart", "README.md"), "utf8");
  const { train, validation, test: held } = corpus;
  const counts = `${train.length} training, ${validation.length} validation and ${held.length} test sentences`;
  expect(readme).toContain(counts);
});

test("no sentence occurs twice, not even up to its names", () => {
  const patterns = everything.map(pattern);
  const twice = patterns.filter((entry, i) => patterns.indexOf(entry) !== i);
  expect(twice).toEqual([]);
});

test("tags are IOB2 over PER, ORG, LOC and MISC", () => {
  const wrong = everything.flatMap(({ words, tags }) =>
    tags.flatMap((tag, i) => {
      const known = /^(O|[BI]-(PER|ORG|LOC|MISC))$/.test(tag);
      const continues = !tag.startsWith("I-") || tags[i - 1]?.slice(2) === tag.slice(2);
      return known && continues ? [] : [`${words.slice(0, i + 1).join(" ")} <- ${tag}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test("every split has names of every type and sentences without any", () => {
  for (const split of Object.values(corpus)) {
    const types = new Set(split.flatMap(({ tags }) => tags.map((tag) => tag.slice(2)).filter(Boolean)));
    expect([...types].sort()).toEqual(["LOC", "MISC", "ORG", "PER"]);
    expect(split.some((sentence) => names(sentence).length === 0)).toBe(true);
  }
});

test("a name has the same type wherever it stands", () => {
  const types = new Map<string, Set<string>>();
  for (const sentence of everything) {
    const begun = sentence.tags.filter((tag) => tag.startsWith("B-")).map((tag) => tag.slice(2));
    names(sentence).forEach((name, i) => {
      types.set(name, (types.get(name) ?? new Set()).add(begun[i] as string));
    });
  }
  expect([...types].filter(([, seen]) => seen.size > 1)).toEqual([]);
});

test("sentences have 5 to 35 words", () => {
  const lengths = everything.map(({ words }) => words.length);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(35);
});

test.each(["validation", "test"] as const)("over 90 %% of the names in %s are not in train", (split) => {
  const known = new Set(corpus.train.flatMap(names));
  const distinct = [...new Set(corpus[split].flatMap(names))];
  const unseen = distinct.filter((name) => !known.has(name));
  expect(unseen.length / distinct.length).toBeGreaterThan(0.9);
});
