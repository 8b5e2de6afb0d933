/** Entity scores of tag sequences, per type and over all. */
import { countEntities, score, sum, tokenAccuracy } from "./scores.ts";
import { streamsOfTags, type TagStreams } from "./streams.ts";

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
 * seqeval's default mode on tag sequences.
 *
 * @param gold       One array of tags (`B-PER`, `O`, ...) per sentence.
 * @param predicted  The same sentences, with as many tags each.
 * @throws {TorchnerError} `EDATA` where the two differ in length, naming the sentence; `EARG` where an
 *   argument is no array of arrays of strings.
 */
export function evaluateEntities(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): EntityScores {
  return scoreStreams(streamsOfTags(gold, predicted));
}

/** The scores as one flat object: types beside `overall_*`, as Hugging Face's `evaluate` gives them. */
export function flattenEntityScores({ types, ...overall }: EntityScores): Record<string, number | TypeScore> {
  return { ...types, ...overall };
}

export function scoreStreams(streams: TagStreams): EntityScores {
  const counts = countEntities(streams);
  const overall = score(sum(counts.values()));
  return {
    overall_precision: overall.precision,
    overall_recall: overall.recall,
    overall_f1: overall.f1,
    overall_accuracy: tokenAccuracy(streams),
    // fromEntries defines properties, so a type called `__proto__` is a type like any other.
    types: Object.fromEntries([...counts].map(([type, one]) => [type, { ...score(one), number: one.gold }])),
  };
}
