/** Counts of entities, and precision, recall and F1 from counts. */
import { BORDER, defaultSpans, type SpanReader, type Spans } from "./spans.ts";
import { sentenceByPosition, type TagStreams } from "./streams.ts";
import type { TagTable } from "./tags.ts";

/** Entities of one type, or of all: predicted and right, predicted, and in gold. */
export interface Counts {
  correct: number;
  predicted: number;
  gold: number;
}

export interface Score {
  precision: number;
  recall: number;
  f1: number;
}

/** What a division by zero gives. */
export type ZeroDivision = 0 | 1;

/**
 * Counts by type, in alphabetical order; only types that occur in gold or predicted.
 * @param weights  What an entity counts, by its position in the streams; default 1.
 */
export function countEntities(
  { gold, predicted, table }: TagStreams,
  readSpans: SpanReader = defaultSpans,
  weights?: Float64Array,
): Map<string, Counts> {
  return countSpans(readSpans(gold, table), readSpans(predicted, table), table, weights);
}

/** `countEntities` of spans that were read. @param weights  As there. */
export function countSpans(
  gold: Spans,
  predicted: Spans,
  table: TagTable,
  weights?: Float64Array,
): Map<string, Counts> {
  const inGold = weightByType(gold, table.types.length, weights);
  const inPredicted = weightByType(predicted, table.types.length, weights);
  const correct = new Float64Array(table.types.length);
  forEachMatch(gold, predicted, (typeId, end) => {
    correct[typeId]! += weights ? weights[end]! : 1;
  });
  const counts = table.types.map((type, id): [string, Counts] => [
    type,
    { correct: correct[id]!, predicted: inPredicted.weight[id]!, gold: inGold.weight[id]! },
  ]);
  const occurring = counts.filter((_, id) => inGold.occurs[id] || inPredicted.occurs[id]);
  return new Map(occurring.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the spans of each type weigh, and whether there are any: their weight may be 0. */
function weightByType(spans: Spans, types: number, weights?: Float64Array) {
  const weight = new Float64Array(types);
  const occurs = new Uint8Array(types);
  for (let i = 0; i < spans.count; i++) {
    const typeId = spans.typeIds[i]!;
    weight[typeId]! += weights ? weights[spans.ends[i]!]! : 1;
    occurs[typeId] = 1;
  }
  return { weight, occurs };
}

/** Counts of each sentence, all types together. */
export function countBySentence(streams: TagStreams, readSpans: SpanReader = defaultSpans): Counts[] {
  const sentenceOf = sentenceByPosition(streams.gold);
  const counts = Array.from({ length: (sentenceOf.at(-1) ?? -1) + 1 }, () => ({
    correct: 0,
    predicted: 0,
    gold: 0,
  }));
  const gold = readSpans(streams.gold, streams.table);
  const predicted = readSpans(streams.predicted, streams.table);
  for (let i = 0; i < gold.count; i++) counts[sentenceOf[gold.ends[i]!]!]!.gold++;
  for (let i = 0; i < predicted.count; i++) counts[sentenceOf[predicted.ends[i]!]!]!.predicted++;
  forEachMatch(gold, predicted, (_, end) => {
    counts[sentenceOf[end]!]!.correct++;
  });
  return counts;
}

/** Both lists rise by end and hold at most one span per end, so one walk finds all equal pairs. */
function forEachMatch(a: Spans, b: Spans, visit: (typeId: number, end: number) => void): void {
  let i = 0;
  let j = 0;
  while (i < a.count && j < b.count) {
    const difference = a.ends[i]! - b.ends[j]!;
    if (difference === 0 && a.starts[i] === b.starts[j] && a.typeIds[i] === b.typeIds[j]) {
      visit(a.typeIds[i]!, a.ends[i]!);
    }
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
}

/** Share of tokens with the right tag, `O` included. 0 without tokens. @param weights  As in `countEntities`. */
export function tokenAccuracy({ gold, predicted }: TagStreams, weights?: Float64Array): number {
  let tokens = 0;
  let correct = 0;
  for (let i = 0; i < gold.length; i++) {
    if (gold[i] === BORDER) continue;
    const weight = weights ? weights[i]! : 1;
    tokens += weight;
    if (gold[i] === predicted[i]) correct += weight;
  }
  return ratio(correct, tokens);
}

export function sum(counts: Iterable<Counts>): Counts {
  const total = { correct: 0, predicted: 0, gold: 0 };
  for (const { correct, predicted, gold } of counts) {
    total.correct += correct;
    total.predicted += predicted;
    total.gold += gold;
  }
  return total;
}

export function score({ correct, predicted, gold }: Counts, zeroDivision: ZeroDivision = 0): Score {
  const precision = ratio(correct, predicted, zeroDivision);
  const recall = ratio(correct, gold, zeroDivision);
  return { precision, recall, f1: ratio(2 * precision * recall, precision + recall) };
}

export const averages = ["micro", "macro", "weighted"] as const;
export type Average = (typeof averages)[number];

/** One score of all types: of their summed counts, the plain mean of theirs, or their mean by gold entities. */
export function averageScore(
  counts: Iterable<Counts>,
  average: Average,
  zeroDivision: ZeroDivision = 0,
): Score {
  const all = [...counts];
  const total = sum(all);
  if (average === "micro") return score(total, zeroDivision);
  const weights = all.map(({ gold }) => (average === "weighted" ? gold : 1));
  const weight = weights.reduce((a, b) => a + b, 0);
  if (weight === 0) {
    // As for counts that are all zero: with predictions, precision is not a division by zero.
    const unpredicted = total.predicted === 0 ? zeroDivision : 0;
    return { precision: unpredicted, recall: zeroDivision, f1: unpredicted };
  }
  const scores = all.map((one) => score(one, zeroDivision));
  const mean = (key: keyof Score) =>
    scores.reduce((added, one, i) => added + one[key] * weights[i]!, 0) / weight;
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

function ratio(part: number, whole: number, zeroDivision: ZeroDivision = 0): number {
  return whole === 0 ? zeroDivision : part / whole;
}
