/** What the `torchner data` commands do once their options are known. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { convertScheme } from "../data/convert_scheme.ts";
import type { WrittenFormat } from "../data/format.ts";
import { countPieces, type Distribution, type Inspection, inspectExamples } from "../data/inspect.ts";
import { describeNote } from "../data/notes.ts";
import { readExamples } from "../data/read_examples.ts";
import { schemeNamed, schemeOfExamples } from "../data/scheme.ts";
import { splitExamples } from "../data/split.ts";
import type { Example } from "../data/types.ts";
import {
  type NamedExamples,
  type Problem,
  type ProblemKind,
  type Validation,
  validate,
} from "../data/validate.ts";
import { writeExamples, writtenFormatOf } from "../data/write_examples.ts";
import type { Scheme } from "../metrics/schemes.ts";
import { TorchnerError } from "../native/errors.ts";
import type {
  ConvertOptions,
  InspectOptions,
  ReadingOptions,
  SplitOptions,
  ValidateOptions,
} from "./commands/data.ts";
import { grouped, percent } from "./figures.ts";
import { readingOptions } from "./reading_options.ts";
import type { Terminal } from "./terminal.ts";

async function readFile(file: string, values: ReadingOptions, terminal: Terminal): Promise<NamedExamples> {
  const { examples, notes } = await readExamples(file, await readingOptions(values));
  for (const note of notes) terminal.note(describeNote(note));
  return { file, examples };
}

const asked = (scheme: string | undefined) => (scheme === undefined ? undefined : schemeNamed(scheme));

export async function inspectFiles(
  files: readonly string[],
  values: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  const found: Record<string, Inspection> = {};
  for (const file of files) {
    const { examples } = await readFile(file, values, terminal);
    found[file] = inspectExamples(examples, asked(values.scheme));
    if (values.model !== undefined) {
      const { AutoTokenizer } = await import("../tokenization/tokenizer.ts");
      using tokenizer = await AutoTokenizer.fromPretrained(values.model);
      found[file].pieces = await countPieces(examples, tokenizer, values.maxSeqLength);
    }
    terminal.result(inspectionText(file, found[file], terminal));
  }
  terminal.document({ files: found });
}

function inspectionText(file: string, found: Inspection, { paint }: Terminal): string {
  const { pieces } = found;
  const spread = ({ mean, median, p99, max }: Distribution) =>
    `mean ${mean.toFixed(1)}, median ${median}, 99 % up to ${p99}, longest ${max}`;
  const share = (part: number, whole: number) => `${percent(part / Math.max(1, whole))} %`;
  const total = Object.values(found.entities).reduce((sum, one) => sum + one.count, 0);
  const width = Math.max(0, ...Object.keys(found.entities).map((type) => type.length));
  return [
    paint("bold", file),
    `${grouped(found.sentences)} sentences, ${grouped(found.words)} words, ${grouped(total)} entities` +
      (found.scheme ? ` in ${found.scheme}` : ""),
    ...Object.entries(found.entities).map(
      ([type, one]) =>
        `  ${type.padEnd(width)}  ${grouped(one.count).padStart(8)}  ${share(one.count, total).padStart(8)}  ` +
        `${grouped(one.distinct)} different, ${one.mean_words.toFixed(2)} words on average`,
    ),
    `labels: ${Object.entries(found.labels)
      .map(([label, number]) => `${label} ${grouped(number)}`)
      .join(", ")}`,
    `words a sentence: ${spread(found.words_per_sentence)}`,
    ...(pieces
      ? [
          `pieces a sentence: ${spread(pieces.per_sentence)}; ${pieces.per_word.toFixed(2)} a word`,
          pieces.max_length === undefined
            ? "the tokenizer has no maximum length; give --max-seq-length"
            : `over ${pieces.max_length} pieces: ${grouped(pieces.long_sentences)} sentences ` +
              `(${share(pieces.long_sentences, found.sentences)}), ${grouped(pieces.words_beyond)} words beyond`,
          `unknown to the tokenizer: ${grouped(pieces.unknown_words)} words (${share(pieces.unknown_words, found.words)}); ` +
            `without any piece: ${grouped(pieces.words_without_pieces)}`,
        ]
      : []),
    "",
  ].join("\n");
}

/** What to do about it, told once for each kind. */
const remedies: Partial<Record<ProblemKind, string>> = {
  tag: "fix: correct the tags, or torchner data convert --repair, which reads them as conlleval does",
  leak: "fix: torchner data split keeps repeated sentences together",
  unseenLabel: "fix: correct the tag, or add sentences with it to the training file",
};
/** Of each kind, unless all are asked for. */
const shownProblems = 3;

/** Resolves to the exit code. */
export async function validateFiles(
  files: readonly string[],
  values: ValidateOptions,
  terminal: Terminal,
): Promise<number> {
  const read: NamedExamples[] = [];
  const unreadable: { file: string; message: string }[] = [];
  for (const file of files) {
    try {
      read.push(await readFile(file, values, terminal));
    } catch (error) {
      if (!(error instanceof TorchnerError) || error.code !== "EDATA") throw error;
      unreadable.push({ file, message: error.message });
    }
  }
  // Without the training file there is nothing to hold the others against.
  const sets = unreadable.some(({ file }) => file === files[0]) ? read.map((one) => [one]) : [read];
  const found = validateSets(sets, asked(values.scheme));
  const errors = found.problems.filter(({ level }) => level === "error").length + unreadable.length;
  terminal.document({ ...found, unreadable, ok: errors === 0 });
  for (const { file, sentences, scheme, types } of found.files) {
    const clean = !found.problems.some(
      ({ level, place }) => level === "error" && place?.startsWith(`${file}:`),
    );
    const mark = clean ? terminal.paint("green", "✔") : terminal.paint("red", "✘");
    terminal.result(
      `${mark} ${file}: ${grouped(sentences)} sentences · ${scheme ?? "no entity"} · ${types.join(" ")}`,
    );
  }
  for (const { message } of unreadable) terminal.result(`${terminal.paint("red", "✘")} ${message}`);
  for (const problems of byKind(found.problems)) printProblems(problems, values.all, terminal);
  if (errors > 0) terminal.result(`\n${grouped(errors)} errors`);
  return errors > 0 ? 3 : 0;
}

function validateSets(sets: readonly NamedExamples[][], scheme: Scheme | undefined): Validation {
  const found = sets.filter(({ length }) => length > 0).map((set) => validate(set, scheme));
  return {
    files: found.flatMap(({ files }) => files),
    problems: found.flatMap(({ problems }) => problems),
  };
}

function byKind(problems: readonly Problem[]): Problem[][] {
  const kinds = new Map<ProblemKind, Problem[]>();
  for (const problem of problems) kinds.set(problem.kind, [...(kinds.get(problem.kind) ?? []), problem]);
  return [...kinds.values()];
}

function printProblems(problems: readonly Problem[], all: boolean, terminal: Terminal): void {
  const { paint } = terminal;
  const shown = all ? problems : problems.slice(0, shownProblems);
  for (const { level, place, message, example } of shown) {
    const mark = level === "error" ? paint("red", "✘") : paint("yellow", "⚠");
    const where = place === undefined ? "" : `${place}: `;
    terminal.result(`${mark} ${where}${message}${example === undefined ? "" : `   "${example}"`}`);
  }
  const more = problems.length - shown.length;
  if (more > 0) terminal.result(`    ${grouped(more)} more: --all`);
  const remedy = remedies[problems[0]!.kind];
  if (remedy) terminal.result(`    ${remedy}`);
}

export async function convertFile(file: string, values: ConvertOptions, terminal: Terminal): Promise<void> {
  const { examples } = await readFile(file, values, terminal);
  const from = asked(values.from) ?? schemeOfExamples(examples) ?? "IOB2";
  const to = asked(values.to) ?? from;
  const converted =
    to === from && !values.repair
      ? { examples, repaired: 0 }
      : convertScheme(examples, { from, to, repair: values.repair });
  if (converted.repaired > 0) {
    terminal.warn(
      `${file}: ${grouped(converted.repaired)} tags that ${from} does not allow were read as conlleval does`,
    );
  }
  const output = values.output!;
  const format: WrittenFormat = values.format ?? writtenFormatOf(output);
  await writeExamples(output, converted.examples, format);
  terminal.document({ output, format, from, to, sentences: examples.length, repaired: converted.repaired });
  terminal.result(`${output}: ${grouped(examples.length)} sentences, ${from} as ${to}, ${format}`);
}

export async function splitFile(file: string, values: SplitOptions, terminal: Terminal): Promise<void> {
  const { examples } = await readFile(file, values, terminal);
  const scheme = asked(values.scheme) ?? schemeOfExamples(examples) ?? "IOB2";
  const parts = partsOf(file, examples, values, scheme);
  const format: WrittenFormat = values.format ?? writtenFormatOf(file);
  const extension = format === "conll" ? "txt" : format;
  await mkdir(values.outputDir!, { recursive: true });
  const written = [];
  for (const { name, chosen } of parts) {
    const output = join(values.outputDir!, `${name}.${extension}`);
    await writeExamples(output, chosen, format);
    const { entities } = inspectExamples(chosen, scheme);
    const types = Object.fromEntries(Object.entries(entities).map(([type, one]) => [type, one.count]));
    written.push({ output, sentences: chosen.length, entities: types });
    const shown = Object.entries(types).map(([type, number]) => `${type} ${grouped(number)}`);
    terminal.result(`${output}: ${grouped(chosen.length)} sentences; ${shown.join(", ")}`);
  }
  terminal.document({ files: written, seed: values.seed });
}

/** All parts, or a refusal before any of them is written. */
function partsOf(
  file: string,
  examples: readonly Example[],
  values: SplitOptions,
  scheme: Scheme,
): { name: string; chosen: Example[] }[] {
  const shares = values.shares.map(Number);
  if (shares.length < 2 || shares.length > 3) {
    throw new TorchnerError(
      "EUSAGE",
      `--shares: give two or three numbers, for train, validation and test, not ${shares.length}`,
    );
  }
  const names = shares.length === 2 ? ["train", "test"] : ["train", "validation", "test"];
  return splitExamples(examples, { shares, seed: values.seed, scheme }).map((part, i) => {
    const name = names[i]!;
    if (part.length > 0) return { name, chosen: part.map((index) => examples[index]!) };
    throw new TorchnerError("EDATA", `${file}: no sentence is left for ${name}; give it a larger share.`);
  });
}
