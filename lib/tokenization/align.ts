import { checkChoice, checkOptions, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";

export const labelStrategies = ["first", "all", "all-b-to-i"] as const;

/** Which pieces of a word carry its label. */
export type LabelStrategy = (typeof labelStrategies)[number];

export interface AlignOptions {
  /** Default `first`. */
  strategy?: LabelStrategy;
  /** Label names by id; `all-b-to-i` reads them. */
  labels: readonly string[];
}

/** The label that the loss leaves out (torch's ignore_index). */
export const ignoredLabel = -100;

/** Label ids of words -> label ids of pieces. */
export type Align = (wordIds: Int32Array, wordLabels: Int32Array) => Int32Array;

/**
 * One label id per piece, -100 where none is due: special tokens and padding (word id -1) always, and the pieces
 * after a word's first by strategy:
 * `first` -100; `all` the word's label; `all-b-to-i` the same, but `B-X` goes on as `I-X` where that label exists.
 *
 * @param wordIds     Word index per piece, -1 for none; the pieces of a word are neighbours.
 * @param wordLabels  Label id per word, -100 for a word without one.
 * @throws {TorchnerError} `EARG` for a piece of a word that has no entry, or a label id outside `labels`.
 */
export function alignLabels(wordIds: Int32Array, wordLabels: Int32Array, options: AlignOptions): Int32Array {
  checkOptions("alignLabels", options, ["strategy", "labels"]);
  if (options.strategy !== undefined) checkChoice("strategy", options.strategy, labelStrategies);
  const { labels } = options;
  if (!Array.isArray(labels) || ![...labels].every((label) => typeof label === "string")) {
    throw new TorchnerError("EARG", `labels is ${kindOf(labels)}; give an array of names.`);
  }
  for (const [name, ids] of Object.entries({ wordIds, wordLabels })) {
    if (Array.isArray(ids) || Object.prototype.toString.call(ids) === "[object Int32Array]") continue;
    throw new TorchnerError("EARG", `${name} is ${kindOf(ids)}; give an array of numbers.`);
  }
  return makeAlign(options)(wordIds, wordLabels);
}

/** `alignLabels` for many sentences: looks the labels up once. */
export function makeAlign({ strategy = "first", labels }: AlignOptions): Align {
  const continued = continuations(strategy, labels);
  return (wordIds, wordLabels) => {
    const aligned = new Int32Array(wordIds.length).fill(ignoredLabel);
    for (let piece = 0; piece < wordIds.length; piece++) {
      const word = wordIds[piece]!;
      if (word < 0) continue;
      const label = wordLabels[word];
      if (label === undefined) {
        throw new TorchnerError(
          "EARG",
          `piece ${piece} belongs to word ${word}, but there are labels for ${wordLabels.length} words; give one per word.`,
        );
      }
      if (label === ignoredLabel) continue;
      const after = continued[label];
      if (after === undefined) {
        throw new TorchnerError(
          "EARG",
          `word ${word} has label id ${label}; give an id from 0 to ${labels.length - 1}, or -100.`,
        );
      }
      aligned[piece] = piece > 0 && wordIds[piece - 1] === word ? after : label;
    }
    return aligned;
  };
}

/**
 * Indexes of words that no piece stands for: cut off by truncation, or made of characters that the tokenizer
 * drops. They are predicted `O` and counted in `skipped_words`.
 */
export function skippedWords(example: { wordIds: Iterable<number>; wordLabels: Int32Array }): Int32Array {
  const seen = new Uint8Array(example.wordLabels.length);
  let left = seen.length;
  for (const word of example.wordIds) {
    if (seen[word] !== 0) continue; // -1 among them
    seen[word] = 1;
    left--;
  }
  const skipped = new Int32Array(left);
  for (let word = 0, found = 0; found < left; word++) if (seen[word] === 0) skipped[found++] = word;
  return skipped;
}

/** Per label id, the label of a word's later pieces. By name: ids of sorted labels are no B/I pairs. */
function continuations(strategy: LabelStrategy, labels: readonly string[]): number[] {
  const ids = new Map(labels.map((label, id) => [label, id]));
  return labels.map((label, id) => {
    if (strategy === "first") return ignoredLabel;
    if (strategy === "all" || !label.startsWith("B-")) return id;
    return ids.get(`I-${label.slice(2)}`) ?? id;
  });
}
