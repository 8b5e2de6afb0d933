/** What is wrong, or worth a look, in tagged data: by file and line, with an example and the remedy. Pure. */
import type { Scheme } from "../metrics/schemes.ts";
import { wordPlace } from "./labels.ts";
import { readEntities, schemeOfTags, tagsOf } from "./scheme.ts";
import type { Example } from "./types.ts";

/** A file's sentences; the first of several is the training file. */
export interface NamedExamples {
  file: string;
  examples: readonly Example[];
}

export type ProblemKind =
  | "tag"
  | "contradiction"
  | "leak"
  | "unseenLabel"
  | "inconsistent"
  | "characters"
  | "repetition";

export interface Problem {
  kind: ProblemKind;
  /** Errors are wrong by the data's own scheme; warnings are worth a look. */
  level: "error" | "warning";
  /** `file:line`, where it is in one place. */
  place?: string;
  message: string;
  /** The words around it with their tags. */
  example?: string;
}

export interface FileSummary {
  file: string;
  sentences: number;
  words: number;
  /** Undefined without an entity. */
  scheme?: Scheme;
  types: string[];
}

export interface Validation {
  files: FileSummary[];
  problems: Problem[];
}

/** @param scheme  Default the one that the training file's tags show. */
export function validate(files: readonly NamedExamples[], scheme?: Scheme): Validation {
  const summaries = files.map((file) => summarize(file, scheme));
  const shared = summaries[0]!.scheme ?? "IOB2";
  const sentences = [...bySentence(files).values()];
  return {
    files: summaries,
    problems: [
      ...files.flatMap(({ examples }) => wrongTags(examples, shared)),
      ...contradictions(sentences),
      ...leaks(files, sentences),
      ...unseenLabels(files),
      ...files.flatMap(({ examples }) => oddCharacters(examples)),
      ...inconsistent(files, shared),
      ...repetitions(files),
    ],
  };
}

function summarize({ file, examples }: NamedExamples, asked: Scheme | undefined): FileSummary {
  const tags = tagsOf(examples);
  const scheme = asked ?? schemeOfTags(tags);
  const types = new Set(
    tags.flatMap((one) => readEntities(one, scheme ?? "IOB2").entities.map(({ type }) => type)),
  );
  return {
    ...{ file, sentences: examples.length, words: tags.reduce((sum, { length }) => sum + length, 0) },
    ...(scheme && { scheme }),
    types: [...types].sort(),
  };
}

function wrongTags(examples: readonly Example[], scheme: Scheme): Problem[] {
  return examples.flatMap((example, i) =>
    readEntities(example.nerTags ?? [], scheme).faults.map(({ word, message }) => ({
      ...{ kind: "tag" as const, level: "error" as const, message: `${message} (${scheme})` },
      ...{ place: wordPlace(example, i + 1, word), example: around(example, word) },
    })),
  );
}

/** `Bank/O of/I-ORG England/I-ORG`: a word with its neighbours. */
function around({ tokens, nerTags }: Example, word: number): string {
  const shown = (i: number) => `${tokens[i]}/${nerTags![i]}`;
  return [word - 1, word, word + 1]
    .filter((i) => i in tokens)
    .map(shown)
    .join(" ");
}

interface Occurrence {
  example: Example;
  place: string;
  file: number;
}

/** Sentences by their words. */
function bySentence(files: readonly NamedExamples[]): Map<string, Occurrence[]> {
  const found = new Map<string, Occurrence[]>();
  for (const [file, { examples }] of files.entries()) {
    for (const [i, example] of examples.entries()) {
      const key = example.tokens.join("\u0000");
      const occurrences = found.get(key) ?? [];
      occurrences.push({ example, place: wordPlace(example, i + 1, 0), file });
      found.set(key, occurrences);
    }
  }
  return found;
}

const sameTags = (a: Example, b: Example) => a.nerTags?.join(" ") === b.nerTags?.join(" ");

function contradictions(sentences: readonly Occurrence[][]): Problem[] {
  return sentences.flatMap(([first, ...others]) => {
    const other = others.find(({ example }) => !sameTags(example, first!.example));
    if (!other) return [];
    const word = first!.example.nerTags?.findIndex((tag, i) => tag !== other.example.nerTags?.[i]) ?? 0;
    const tags = `${first!.example.nerTags?.[word]} here, ${other.example.nerTags?.[word]} there`;
    return [
      {
        ...{ kind: "contradiction" as const, level: "warning" as const, place: first!.place },
        message: `the same sentence stands in ${other.place} with other tags: ${first!.example.tokens[word]} is ${tags}`,
        example: around(first!.example, word),
      },
    ];
  });
}

/** Sentences of later files that the training file has too. */
function leaks(files: readonly NamedExamples[], sentences: readonly Occurrence[][]): Problem[] {
  return files.slice(1).flatMap(({ file }, i) => {
    const shared = sentences.filter(
      (found) => found.some((one) => one.file === 0) && found.some((one) => one.file === i + 1),
    );
    if (shared.length === 0) return [];
    const count = shared.reduce((sum, found) => sum + found.filter((one) => one.file === i + 1).length, 0);
    const [first] = shared[0]!.filter((one) => one.file === i + 1);
    return [
      {
        ...{ kind: "leak" as const, level: "warning" as const, place: first!.place },
        message: `${count.toLocaleString("en-US")} sentences of ${file} are in ${files[0]!.file} too: its scores are too good`,
        example: first!.example.tokens.slice(0, 8).join(" "),
      },
    ];
  });
}

function unseenLabels(files: readonly NamedExamples[]): Problem[] {
  const known = new Set(tagsOf(files[0]!.examples).flat());
  return files.slice(1).flatMap(({ examples }) => {
    const told = new Set<string>();
    return examples.flatMap((example, i) =>
      (example.nerTags ?? []).flatMap((tag, word) => {
        if (known.has(tag) || told.has(tag)) return [];
        told.add(tag);
        return [
          {
            ...{
              kind: "unseenLabel" as const,
              level: "error" as const,
              place: wordPlace(example, i + 1, word),
            },
            message: `${files[0]!.file} has no label ${tag}: no model trained on it can give it`,
            example: around(example, word),
          },
        ];
      }),
    );
  });
}

/** How often a name must occur, and how often otherwise, to be worth a look. */
const fewest = { all: 5, others: 2 };

function inconsistent(files: readonly NamedExamples[], scheme: Scheme): Problem[] {
  const types = new Map<string, Map<string, number>>();
  for (const { tokens, nerTags } of files.flatMap(({ examples }) => examples)) {
    for (const { type, start, end } of readEntities(nerTags ?? [], scheme).entities) {
      const name = tokens.slice(start, end + 1).join(" ");
      const counts = types.get(name) ?? new Map<string, number>();
      counts.set(type, (counts.get(type) ?? 0) + 1);
      types.set(name, counts);
    }
  }
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  return [...types]
    .map(([name, counts]) => ({
      name,
      sorted: [...counts].sort(([, a], [, b]) => b - a),
      all: total(counts),
    }))
    .filter(({ sorted, all }) => all >= fewest.all && all - sorted[0]![1] >= fewest.others)
    .sort((a, b) => b.all - a.all)
    .map(({ name, sorted }) => ({
      ...{ kind: "inconsistent" as const, level: "warning" as const },
      message: `"${name}" is ${sorted.map(([type, count]) => `${type} ${count}x`).join(", ")}`,
    }));
}

const odd: readonly [RegExp, string][] = [
  [/[\u00A0\u2000-\u200A\u202F\u205F\u3000]/u, "a blank that looks like another (U+00A0 and its like)"],
  [/[\u200B-\u200D\u2060\uFEFF\u00AD]/u, "a character without width (U+200B and its like)"],
  [/[\u202A-\u202E\u2066-\u2069]/u, "a sign that turns the writing direction"],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/[\u0000-\u001F\u007F-\u009F]/u, "a control character"],
  [/\uFFFD/u, "U+FFFD, what a wrong encoding leaves behind"],
  [/\p{Surrogate}/u, "half of a surrogate pair"],
];

function oddCharacters(examples: readonly Example[]): Problem[] {
  return examples.flatMap((example, i) =>
    example.tokens.flatMap((token, word) => {
      const found = odd.find(([pattern]) => pattern.test(token))?.[1];
      const what =
        found ?? (token === token.normalize("NFC") ? undefined : "a letter and its accent apart (not NFC)");
      if (what === undefined) return [];
      return [
        {
          ...{
            kind: "characters" as const,
            level: "warning" as const,
            place: wordPlace(example, i + 1, word),
          },
          message: `${JSON.stringify(token)} holds ${what}`,
        },
      ];
    }),
  );
}

function repetitions(files: readonly NamedExamples[]): Problem[] {
  return files.flatMap((one) => {
    const repeated = [...bySentence([one]).values()].filter((found) => found.length > 1);
    const more = repeated.reduce((sum, { length }) => sum + length - 1, 0);
    if (more === 0) return [];
    return [
      {
        ...{ kind: "repetition" as const, level: "warning" as const, place: repeated[0]![1]!.place },
        message: `${more.toLocaleString("en-US")} sentences of ${one.file} repeat an earlier one`,
        example: repeated[0]![0]!.example.tokens.slice(0, 8).join(" "),
      },
    ];
  });
}
