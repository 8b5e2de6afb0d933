/**
 * From the label probabilities of pieces to the pipeline's results, as transformers' token-classification
 * pipeline forms them. Pure.
 *
 * Two stages: pieces get labels, each its own or all of a word one that they vote for, and then, unless the strategy is
 * `none`, neighbours are grouped.
 */
import { type LabelRules, labelRules } from "./label_rules.ts";
import { argmaxRow } from "./logits.ts";
import { decoderOf, logProbabilities } from "./viterbi.ts";

/**
 * `none`: one result per piece. `simple`: neighbouring pieces of one type become one result. The others never part a
 * word, whose label is that of its first piece (`first`), of its pieces' mean probabilities (`average`), or of its
 * surest piece (`max`).
 */
export const aggregationStrategies = ["none", "simple", "first", "average", "max"] as const;
export type AggregationStrategy = (typeof aggregationStrategies)[number];

/** One piece of the text and what the model thinks of it. */
export interface Piece {
  /** Position in the encoded text, `[CLS]` counted. */
  index: number;
  /** UTF-16 indexes into the text, end exclusive. */
  start: number;
  end: number;
  /** Goes on with the word of the piece before it. */
  continuesWord: boolean;
  /** One probability per label, in float32. */
  probabilities: Float32Array;
}

/** Result of `none`. */
export interface TokenEntity {
  entity: string;
  score: number;
  index: number;
  /** The exact slice `[start, end)` of the input (transformers gives the vocabulary's piece). */
  word: string;
  start: number;
  end: number;
}

/** Result of the grouping strategies. */
export interface EntityGroup {
  entity_group: string;
  /** Mean over the group's pieces, or with a vote by word over its words. */
  score: number;
  /** The exact slice `[start, end)` of the input (transformers gives decoded pieces: "u. s." for "U.S."). */
  word: string;
  start: number;
  end: number;
}

export type EntityOf<S extends AggregationStrategy> = S extends "none" ? TokenEntity : EntityGroup;

/** A piece or a word with its label. */
interface Labelled {
  label: number;
  score: number;
  index: number;
  start: number;
  end: number;
  continuesWord: boolean;
}

export interface AggregateOptions<S extends AggregationStrategy> {
  strategy: S;
  /**
   * Results of these labels (`none`) or types (the others) are left out of the answer. They take part in grouping, so
   * an ignored `O` between two pieces still parts them.
   */
  ignoreLabels: readonly string[];
  /** Words get the likeliest labels that may follow one another by the labels' scheme; see `decoderOf`. */
  validTags?: boolean;
}

/**
 * @param pieces  In text order, special tokens left out.
 * @param labels  Label names by id.
 */
export function aggregate<S extends AggregationStrategy>(
  pieces: readonly Piece[],
  text: string,
  labels: readonly string[],
  options: AggregateOptions<S>,
): EntityOf<S>[];
export function aggregate(
  pieces: readonly Piece[],
  text: string,
  labels: readonly string[],
  { strategy, ignoreLabels, validTags = false }: AggregateOptions<AggregationStrategy>,
): (TokenEntity | EntityGroup)[] {
  const rules = labelRules(labels);
  const byPiece = strategy === "none" || strategy === "simple";
  const words = byPiece && !validTags ? [] : wordsOf(pieces).map((word) => vote(word, strategy));
  const decided = validTags ? decide(words, labels) : words.map(({ scores }) => argmax(scores));
  const labelled = !byPiece
    ? words.map((word, i) => labelledWord(word, decided[i]!))
    : validTags
      ? words.flatMap((word, i) => labelledPieces(word, decided[i]!, rules))
      : pieces.map((piece) => labelledPiece(piece, argmax(piece.probabilities)));
  if (strategy !== "none") {
    return groupEntities(labelled, text, rules).filter(
      ({ entity_group }) => !ignoreLabels.includes(entity_group),
    );
  }
  return labelled
    .map(({ label, score, index, start, end }) => {
      return { entity: labels[label]!, score, index, word: text.slice(start, end), start, end };
    })
    .filter(({ entity }) => !ignoreLabels.includes(entity));
}

/** A word's pieces, and the probabilities that they agree on. */
interface Word {
  pieces: readonly Piece[];
  scores: Float32Array;
}

function wordsOf(pieces: readonly Piece[]): Piece[][] {
  const words: Piece[][] = [];
  for (const piece of pieces) {
    if (piece.continuesWord && words.length > 0) words.at(-1)!.push(piece);
    else words.push([piece]);
  }
  return words;
}

function vote(pieces: readonly Piece[], strategy: AggregationStrategy): Word {
  if (strategy === "average" && pieces.length > 1) return { pieces, scores: meanOf(pieces) };
  const top = (piece: Piece) => piece.probabilities[argmax(piece.probabilities)]!;
  const chosen =
    strategy === "max" ? pieces.reduce((best, piece) => (top(piece) > top(best) ? piece : best)) : pieces[0]!;
  return { pieces, scores: chosen.probabilities };
}

/** In float32 after each operation, as numpy has it. */
function meanOf(pieces: readonly Piece[]): Float32Array {
  const mean = new Float32Array(pieces[0]!.probabilities.length);
  for (const { probabilities } of pieces) {
    for (let label = 0; label < mean.length; label++) mean[label]! += probabilities[label]!;
  }
  return mean.map((sum) => sum / pieces.length);
}

function decide(words: readonly Word[], labels: readonly string[]): Int32Array {
  return decoderOf(labels).decode(logProbabilities(words.map(({ scores }) => scores)), words.length);
}

const argmax = (values: Float32Array) => argmaxRow(values, 0, values.length);

function labelledPiece({ probabilities, index, start, end, continuesWord }: Piece, label: number): Labelled {
  return { label, score: probabilities[label]!, index, start, end, continuesWord };
}

function labelledWord({ pieces, scores }: Word, label: number): Labelled {
  const { index, start } = pieces[0]!;
  return { label, score: scores[label]!, index, start, end: pieces.at(-1)!.end, continuesWord: false };
}

/** The first piece has the word's label; those after it go on as the inside of its entity where there is such a label. */
function labelledPieces({ pieces }: Word, label: number, rules: LabelRules): Labelled[] {
  const inside = rules.labels.indexOf(`I-${rules.types[label]}`);
  const goesOn = rules.opens[label] && !rules.closes[label] && inside >= 0 ? inside : label;
  return pieces.map((piece, i) => labelledPiece(piece, i === 0 ? label : goesOn));
}

function groupEntities(found: readonly Labelled[], text: string, rules: LabelRules): EntityGroup[] {
  const groups: EntityGroup[] = [];
  let members: Labelled[] = [];
  for (const one of found) {
    const last = members.at(-1);
    if (last && !continues(last, one, rules)) {
      groups.push(group(members, text, rules));
      members = [];
    }
    members.push(one);
  }
  if (members.length > 0) groups.push(group(members, text, rules));
  return groups;
}

function continues(
  previous: Labelled,
  current: Labelled,
  { types, opens, closes, scheme }: LabelRules,
): boolean {
  if (types[previous.label] !== types[current.label]) return false;
  // Each piece of a one-word entity may well be an S- or an E- of its own.
  if (current.continuesWord && scheme !== undefined && scheme !== "IOB2") return true;
  return !opens[current.label] && !closes[previous.label];
}

function group(members: readonly Labelled[], text: string, { names }: LabelRules): EntityGroup {
  const first = members[0]!;
  const { start } = first;
  const { end } = members.at(-1)!;
  const total = members.reduce((sum, { score }) => sum + score, 0);
  return {
    entity_group: names[first.label]!,
    score: Math.fround(total / members.length),
    word: text.slice(start, end),
    start,
    end,
  };
}
