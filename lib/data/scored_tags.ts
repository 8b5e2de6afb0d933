/** Gold and predicted tags of finished predictions, from one file with both or from two. */
import { TorchnerError } from "../native/errors.ts";
import { readColumns } from "./column_reader.ts";
import { Notes } from "./notes.ts";
import { type ReadOptions, readExamples } from "./read_examples.ts";
import { readText } from "./read_text.ts";
import type { DataNote, Source } from "./types.ts";

export interface ScoredTags {
  gold: string[][];
  predicted: string[][];
  notes: readonly DataNote[];
}

interface Tagged {
  tags: readonly string[];
  source: Source;
}

/**
 * A column file as conlleval takes it: the last two columns are the gold and the predicted tag.
 * @throws {TorchnerError} `EIO` where it cannot be read, `EDATA` with file:line for its content.
 */
export async function readScoredColumns(
  file: string,
  options: Pick<ReadOptions, "encoding">,
): Promise<ScoredTags> {
  const text = await readText(file, options);
  const notes = new Notes();
  // What is a word elsewhere is a tag here: the last column stands for the words, the one before it for their tags.
  const sentences = readColumns(text, { file, textColumn: -1, labelColumn: -2 }, notes);
  return {
    gold: sentences.map(({ nerTags }) => nerTags!),
    predicted: sentences.map(({ tokens }) => tokens),
    notes: notes.toNotes(file),
  };
}

/**
 * Gold tags of a data file, and predicted ones of another: a data file of the same sentences, or a line of tags per
 * sentence, as in `predictions.txt`.
 * @throws {TorchnerError} as `readScoredColumns`; `EDATA` naming the places in both files where they do not fit.
 */
export async function readScoredFiles(
  goldFile: string,
  predictedFile: string,
  options: ReadOptions,
): Promise<ScoredTags> {
  const { examples, notes } = await readExamples(goldFile, options);
  const gold = examples.map(tagged);
  const lines = await tagLines(predictedFile, options);
  const read = lines ? { predicted: lines, notes: [] } : await taggedExamples(predictedFile, options);
  checkPairs(gold, read.predicted, goldFile, predictedFile);
  return {
    gold: gold.map(({ tags }) => [...tags]),
    predicted: read.predicted.map(({ tags }) => [...tags]),
    notes: [...notes, ...read.notes],
  };
}

async function taggedExamples(file: string, options: ReadOptions) {
  const { examples, notes } = await readExamples(file, options);
  return { predicted: examples.map(tagged), notes };
}

function tagged({ nerTags, source }: { nerTags?: string[]; source?: Source }): Tagged {
  return { tags: nerTags!, source: source! };
}

const tag = /^(O|[BIESLU](-\S+)?)$/;

/** Undefined where the file is another: a line that holds something else than tags. */
async function tagLines(file: string, options: ReadOptions): Promise<Tagged[] | undefined> {
  if (options.format !== undefined || !/\.(txt|tags|pred)$/i.test(file)) return undefined;
  const text = await readText(file, options);
  const lines: Tagged[] = [];
  let line = 0;
  for (const row of text.split("\n")) {
    line++;
    const tags = row.trim().split(/\s+/).filter(Boolean);
    if (!tags.every((one) => tag.test(one))) return undefined;
    if (tags.length > 0) lines.push({ tags, source: { file, line } });
  }
  return lines;
}

function checkPairs(
  gold: readonly Tagged[],
  predicted: readonly Tagged[],
  goldFile: string,
  predictedFile: string,
): void {
  const place = ({ source }: Tagged) => `${source.file}:${source.line}`;
  for (let i = 0; i < Math.min(gold.length, predicted.length); i++) {
    const [one, other] = [gold[i]!, predicted[i]!];
    if (one.tags.length === other.tags.length) continue;
    throw new TorchnerError(
      "EDATA",
      `sentence ${i + 1}: ${one.tags.length} gold tags (${place(one)}) but ${other.tags.length} predicted ` +
        `(${place(other)}); give one predicted tag per word, and the same sentences in the same order.`,
    );
  }
  if (gold.length === predicted.length) return;
  const longer = (gold.length > predicted.length ? gold : predicted)[
    Math.min(gold.length, predicted.length)
  ]!;
  throw new TorchnerError(
    "EDATA",
    `${goldFile} has ${gold.length} sentences but ${predictedFile} ${predicted.length}; the first without its ` +
      `counterpart is ${place(longer)}.`,
  );
}
