/** seqeval's functions of one figure each, under its names in camelCase. */
import { checkChoice } from "../messages/checks.ts";
import { type Average, averageScore, averages, type Score, score, tokenAccuracy } from "./scores.ts";
import { countTags, type ScoringOptions } from "./scoring.ts";
import { streamsOfTags } from "./streams.ts";

type Tags = readonly (readonly string[])[];

export interface AverageOptions extends ScoringOptions {
  /** Default `micro`; `null`: one figure per type, in alphabetical order. */
  average?: Average | null;
}

type Figure<O> = O extends { average: null } ? number[] : number;

/** Share of the predicted entities that are right. */
export function precisionScore<O extends AverageOptions>(
  gold: Tags,
  predicted: Tags,
  options?: O,
): Figure<O> {
  return figure("precisionScore", "precision", gold, predicted, options) as Figure<O>;
}

/** Share of the gold entities that were found. */
export function recallScore<O extends AverageOptions>(gold: Tags, predicted: Tags, options?: O): Figure<O> {
  return figure("recallScore", "recall", gold, predicted, options) as Figure<O>;
}

/** Harmonic mean of precision and recall. */
export function f1Score<O extends AverageOptions>(gold: Tags, predicted: Tags, options?: O): Figure<O> {
  return figure("f1Score", "f1", gold, predicted, options) as Figure<O>;
}

/** Share of tokens with the right tag, `O` included. */
export function accuracyScore(gold: Tags, predicted: Tags): number {
  return tokenAccuracy(streamsOfTags(gold, predicted));
}

function figure(
  call: string,
  key: keyof Score,
  gold: Tags,
  predicted: Tags,
  options: AverageOptions = {},
): number | number[] {
  const { counts } = countTags(call, gold, predicted, options, ["average"]);
  const { average = "micro", zeroDivision } = options;
  if (average === null) return [...counts.values()].map((one) => score(one, zeroDivision)[key]);
  return averageScore(counts.values(), checkChoice("average", average, averages), zeroDivision)[key];
}
