/** Where a tagger is wrong: kinds of mistakes, which types it takes for which, and what its scores are worth. Pure. */
import { score as scoreOf } from "./scores.ts";
import { BORDER, defaultSpans } from "./spans.ts";
import { tagTable } from "./tags.ts";

/** One sentence, an entry per word in each array. */
export interface AnalysedSentence {
  words: readonly string[];
  gold: readonly string[];
  predicted: readonly string[];
  /** Probability of each predicted tag. */
  scores: ArrayLike<number>;
  /** `file:line` of a word. */
  place(word: number): string;
}

/** `boundary`: the type is right; `type`: the borders are; `both`: neither, though they overlap. */
export type MistakeKind = "boundary" | "type" | "both" | "missed" | "spurious";

export interface Mistake {
  kind: MistakeKind;
  gold?: { type: string; text: string };
  predicted?: { type: string; text: string };
  count: number;
  /** Up to three places, `file:line`. */
  places: string[];
}

export interface GroupScore {
  precision: number;
  recall: number;
  f1: number;
  /** Gold entities. */
  number: number;
}

export interface Analysis {
  /** Gold entities that are right, and mistakes by kind. */
  counts: Record<"correct" | MistakeKind, number>;
  /** `[gold type][predicted type]`; `-` where there is none on that side. */
  confusion: Record<string, Record<string, number>>;
  /** The most frequent ones first. */
  mistakes: Mistake[];
  /** By words of an entity. */
  by_length: Record<"1" | "2" | "3" | "4+", GroupScore>;
  /** By whether the training file has an entity of these words. */
  by_seen?: Record<"same_type" | "other_type" | "unseen", GroupScore>;
  /**
   * Expected calibration error (Guo et al., 2017) in ten bins: of words, by their tag's probability; of entities, by the
   * mean of their words'.
   */
  calibration: { words: number; entities: number };
  /** What remains where entities below a score are left out. */
  by_threshold: { threshold: number; precision: number; recall: number; f1: number }[];
}

const NONE = "-";

interface Entity {
  type: string;
  start: number;
  end: number;
  text: string;
  score: number;
}

interface Pair {
  sentence: AnalysedSentence;
  gold?: Entity;
  predicted?: Entity;
}

/** @param seen  Types of each entity of the training data by its words joined by blanks. */
export function analyse(
  sentences: readonly AnalysedSentence[],
  { seen, mistakes: most = 20 }: { seen?: ReadonlyMap<string, ReadonlySet<string>>; mistakes?: number } = {},
): Analysis {
  const pairs = sentences.flatMap(pairsOf);
  const counts = { correct: 0, boundary: 0, type: 0, both: 0, missed: 0, spurious: 0 };
  for (const pair of pairs) counts[kindOf(pair)]++;
  return {
    counts,
    confusion: confusionOf(pairs),
    mistakes: mistakesOf(pairs).slice(0, most),
    by_length: byLength(pairs),
    ...(seen && { by_seen: bySeen(pairs, seen) }),
    calibration: {
      words: calibrationError(
        sentences.flatMap(({ gold, predicted, scores }) =>
          gold.map((tag, i) => ({ score: scores[i]!, right: tag === predicted[i] })),
        ),
      ),
      entities: calibrationError(
        pairs
          .filter(({ predicted }) => predicted)
          .map((pair) => ({ score: pair.predicted!.score, right: kindOf(pair) === "correct" })),
      ),
    },
    by_threshold: byThreshold(pairs),
  };
}

function entitiesOf({ words, scores }: AnalysedSentence, tags: readonly string[]): Entity[] {
  const table = tagTable([...new Set(["O", ...tags])]);
  const stream = Int32Array.from([...tags.map((tag) => table.tags.indexOf(tag)), BORDER]);
  const spans = defaultSpans(stream, table);
  return Array.from({ length: spans.count }, (_, i) => {
    const [start, end] = [spans.starts[i]!, spans.ends[i]!];
    let total = 0;
    for (let word = start; word <= end; word++) total += scores[word]!;
    return {
      ...{ type: table.types[spans.typeIds[i]!]!, start, end },
      ...{ text: words.slice(start, end + 1).join(" "), score: total / (end - start + 1) },
    };
  });
}

/** Exact spans first, then whatever overlaps, the longest overlap before all. */
function pairsOf(sentence: AnalysedSentence): Pair[] {
  const gold = new Set(entitiesOf(sentence, sentence.gold));
  const predicted = new Set(entitiesOf(sentence, sentence.predicted));
  const candidates = [...gold].flatMap((one) =>
    [...predicted].map((other) => {
      const overlap = Math.min(one.end, other.end) - Math.max(one.start, other.start) + 1;
      const exact = one.start === other.start && one.end === other.end;
      return { one, other, rank: exact ? Number.POSITIVE_INFINITY : overlap };
    }),
  );
  const pairs: Pair[] = [];
  for (const { one, other, rank } of candidates.sort((a, b) => b.rank - a.rank)) {
    if (rank < 1 || !gold.has(one) || !predicted.has(other)) continue;
    pairs.push({ sentence, gold: one, predicted: other });
    gold.delete(one);
    predicted.delete(other);
  }
  return [
    ...pairs,
    ...[...gold].map((one) => ({ sentence, gold: one })),
    ...[...predicted].map((other) => ({ sentence, predicted: other })),
  ];
}

function kindOf({ gold, predicted }: Pair): "correct" | MistakeKind {
  if (!predicted) return "missed";
  if (!gold) return "spurious";
  const sameBorders = gold.start === predicted.start && gold.end === predicted.end;
  if (gold.type === predicted.type) return sameBorders ? "correct" : "boundary";
  return sameBorders ? "type" : "both";
}

function confusionOf(pairs: readonly Pair[]): Analysis["confusion"] {
  const matrix = new Map<string, Map<string, number>>();
  for (const { gold, predicted } of pairs) {
    const row = matrix.get(gold?.type ?? NONE) ?? new Map<string, number>();
    row.set(predicted?.type ?? NONE, (row.get(predicted?.type ?? NONE) ?? 0) + 1);
    matrix.set(gold?.type ?? NONE, row);
  }
  const names = [...new Set(pairs.flatMap(({ gold, predicted }) => [gold?.type, predicted?.type]))];
  const sorted = [...names.filter((name) => name !== undefined).sort(), NONE];
  return Object.fromEntries(
    sorted.map((row) => [
      row,
      Object.fromEntries(sorted.map((column) => [column, matrix.get(row)?.get(column) ?? 0])),
    ]),
  );
}

function mistakesOf(pairs: readonly Pair[]): Mistake[] {
  const found = new Map<string, Mistake>();
  for (const pair of pairs) {
    const kind = kindOf(pair);
    if (kind === "correct") continue;
    const { sentence, gold, predicted } = pair;
    const named = (one: Entity | undefined) => one && { type: one.type, text: one.text };
    const key = JSON.stringify([kind, named(gold), named(predicted)]);
    const mistake = found.get(key) ?? {
      kind,
      ...(gold && { gold: named(gold)! }),
      ...(predicted && { predicted: named(predicted)! }),
      count: 0,
      places: [],
    };
    mistake.count++;
    if (mistake.places.length < 3) mistake.places.push(sentence.place((gold ?? predicted)!.start));
    found.set(key, mistake);
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

/** Scores of entities by a group of their own: gold counts in its group, a prediction in its own. */
function byGroup<G extends string>(
  pairs: readonly Pair[],
  groups: readonly G[],
  groupOf: (entity: Entity) => G,
): Record<G, GroupScore> {
  const counts = new Map(groups.map((name) => [name, { correct: 0, predicted: 0, gold: 0 }]));
  for (const pair of pairs) {
    if (pair.gold) {
      const count = counts.get(groupOf(pair.gold))!;
      count.gold++;
      if (kindOf(pair) === "correct") count.correct++;
    }
    if (pair.predicted) counts.get(groupOf(pair.predicted))!.predicted++;
  }
  return Object.fromEntries(
    [...counts].map(([name, count]) => [name, { ...scoreOf(count), number: count.gold }]),
  ) as Record<G, GroupScore>;
}

const lengths = ["1", "2", "3", "4+"] as const;

function byLength(pairs: readonly Pair[]): Analysis["by_length"] {
  return byGroup(pairs, lengths, ({ start, end }) => lengths[Math.min(3, end - start)]!);
}

const familiarity = ["same_type", "other_type", "unseen"] as const;

function bySeen(
  pairs: readonly Pair[],
  seen: ReadonlyMap<string, ReadonlySet<string>>,
): NonNullable<Analysis["by_seen"]> {
  return byGroup(pairs, familiarity, ({ text, type }) => {
    const types = seen.get(text);
    if (!types) return "unseen";
    return types.has(type) ? "same_type" : "other_type";
  });
}

const BINS = 10;

function calibrationError(decisions: readonly { score: number; right: boolean }[]): number {
  const bins = Array.from({ length: BINS }, () => ({ score: 0, right: 0, count: 0 }));
  for (const { score, right } of decisions) {
    const bin = bins[Math.min(BINS - 1, Math.floor(score * BINS))]!;
    bin.score += score;
    bin.right += Number(right);
    bin.count++;
  }
  const gaps = bins.reduce((sum, { score, right }) => sum + Math.abs(score - right), 0);
  return decisions.length === 0 ? 0 : gaps / decisions.length;
}

function byThreshold(pairs: readonly Pair[]): Analysis["by_threshold"] {
  const gold = pairs.filter((pair) => pair.gold).length;
  return [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99].map((threshold) => {
    const kept = pairs.filter(({ predicted }) => predicted && predicted.score >= threshold);
    const correct = kept.filter((pair) => kindOf(pair) === "correct").length;
    return { threshold, ...scoreOf({ correct, predicted: kept.length, gold }) };
  });
}

/** Types of every entity of tagged sentences by its words: what `analyse` calls seen. */
export function entityTypes(
  sentences: Iterable<{ words: readonly string[]; tags: readonly string[] }>,
): Map<string, Set<string>> {
  const types = new Map<string, Set<string>>();
  for (const { words, tags } of sentences) {
    const sentence = { words, gold: tags, predicted: tags, scores: tags.map(() => 1), place: () => "" };
    for (const { text, type } of entitiesOf(sentence, tags))
      types.set(text, (types.get(text) ?? new Set()).add(type));
  }
  return types;
}
