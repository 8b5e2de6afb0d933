/** Counts of entities, and precision, recall and F1 from counts. A division by zero gives 0. */
import { BORDER, defaultSpans, type SpanReader, type Spans } from "./spans.ts";
import type { TagStreams } from "./streams.ts";

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

/** Counts by type, in alphabetical order; only types that occur in gold or predicted. */
export function countEntities(
  streams: TagStreams,
  readSpans: SpanReader = defaultSpans,
): Map<string, Counts> {
  const { table } = streams;
  const counts: Counts[] = table.types.map(() => ({ correct: 0, predicted: 0, gold: 0 }));
  const gold = readSpans(streams.gold, table);
  const predicted = readSpans(streams.predicted, table);
  for (let i = 0; i < gold.count; i++) counts[gold.typeIds[i]!]!.gold++;
  for (let i = 0; i < predicted.count; i++) counts[predicted.typeIds[i]!]!.predicted++;
  forEachMatch(gold, predicted, (typeId) => counts[typeId]!.correct++);
  const occurring = table.types
    .map((type, id) => [type, counts[id]!] as const)
    .filter(([, { predicted, gold }]) => predicted + gold > 0);
  return new Map(occurring.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Both lists rise by end and hold at most one span per end, so one walk finds all equal pairs. */
function forEachMatch(a: Spans, b: Spans, visit: (typeId: number) => void): void {
  let i = 0;
  let j = 0;
  while (i < a.count && j < b.count) {
    const difference = a.ends[i]! - b.ends[j]!;
    if (difference === 0 && a.starts[i] === b.starts[j] && a.typeIds[i] === b.typeIds[j]) {
      visit(a.typeIds[i]!);
    }
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
}

/** Share of tokens with the right tag, `O` included. 0 without tokens. */
export function tokenAccuracy({ gold, predicted }: TagStreams): number {
  let tokens = 0;
  let correct = 0;
  for (let i = 0; i < gold.length; i++) {
    if (gold[i] === BORDER) continue;
    tokens++;
    if (gold[i] === predicted[i]) correct++;
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

export function score({ correct, predicted, gold }: Counts): Score {
  const precision = ratio(correct, predicted);
  const recall = ratio(correct, gold);
  return { precision, recall, f1: ratio(2 * precision * recall, precision + recall) };
}

/** Mean of scores, each counted `weights[i]` times. Zeros where the weights add up to nothing. */
export function averageScore(scores: readonly Score[], weights: readonly number[]): Score {
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = (key: keyof Score) =>
    ratio(
      scores.reduce((all, one, i) => all + one[key] * weights[i]!, 0),
      total,
    );
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
