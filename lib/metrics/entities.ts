/** Entity scores of tag sequences, per type and over all. */
import { kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { averageScore, countSpans, score, tokenAccuracy } from "./scores.ts";
import { type Counted, countTags, type ScoringOptions, type SpanOptions, spanReader } from "./scoring.ts";
import { streamsOfIds } from "./streams.ts";
import type { TagTable } from "./tags.ts";
import type { EvalPrediction } from "./types.ts";

/** Fractions, not percent; `number` counts the gold entities of the type. */
export interface TypeScore {
  precision: number;
  recall: number;
  f1: number;
  number: number;
}

/** `overall_*` are micro averages over entities; the accuracy is over tokens. */
export interface EntityScores {
  overall_precision: number;
  overall_recall: number;
  overall_f1: number;
  overall_accuracy: number;
  /** By type, alphabetically; types that occur neither in gold nor predicted are absent. */
  types: Record<string, TypeScore>;
}

/**
 * seqeval's scores of tag sequences: what Hugging Face's `evaluate.load("seqeval")` computes.
 *
 * @param gold       One array of tags (`B-PER`, `O`, ...) per sentence.
 * @param predicted  The same sentences, with as many tags each.
 * @throws {TorchnerError} `EDATA` where the two differ in length, naming the sentence, and for gold tags that are none
 *   of the scheme that is read strictly; `EARG` where an argument is no array of arrays of strings, or an option wrong.
 */
export function evaluateEntities(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  options: ScoringOptions = {},
): EntityScores {
  return scoresOf(countTags("evaluateEntities", gold, predicted, options), options);
}

/** The scores as one flat object: types beside `overall_*`, as Hugging Face's `evaluate` gives them. */
export function flattenEntityScores(scores: EntityScores): Record<string, number | TypeScore> {
  if (typeof scores !== "object" || scores === null) {
    throw new TorchnerError(
      "EARG",
      `flattenEntityScores takes the scores of evaluateEntities, not ${kindOf(scores)}.`,
    );
  }
  const { types, ...overall } = scores;
  return { ...types, ...overall };
}

/**
 * Of label ids as an evaluation finds them.
 * @returns After yields between bounded pieces of reading ids, and then between one pass and the next over the tags,
 *   which takes some milliseconds for 100,000 of them.
 * @throws {TorchnerError} As `streamsOfIds` and `spanReader`.
 */
export function* scorePrediction(
  prediction: EvalPrediction,
  table: TagTable,
  options: SpanOptions = {},
): Generator<void, EntityScores> {
  const streams = yield* streamsOfIds(prediction, table);
  const readSpans = spanReader(streams, options);
  yield;
  const gold = readSpans(streams.gold, table);
  yield;
  const predicted = readSpans(streams.predicted, table);
  yield;
  const counts = countSpans(gold, predicted, table);
  yield;
  return scoresOf({ streams, counts }, options);
}

/** Of entities that were counted. */
export function scoresOf(
  { counts, streams, weights }: Pick<Counted, "counts" | "streams" | "weights">,
  { zeroDivision }: SpanOptions,
): EntityScores {
  const overall = averageScore(counts.values(), "micro", zeroDivision);
  return {
    overall_precision: overall.precision,
    overall_recall: overall.recall,
    overall_f1: overall.f1,
    overall_accuracy: tokenAccuracy(streams, weights),
    // fromEntries defines properties, so a type called `__proto__` is a type like any other.
    types: Object.fromEntries(
      [...counts].map(([type, one]) => [type, { ...score(one, zeroDivision), number: one.gold }]),
    ),
  };
}
