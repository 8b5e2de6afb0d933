/** The metric function that `Trainer` takes. */
import { checkFlag } from "../messages/checks.ts";
import { type EntityScores, scorePrediction } from "./entities.ts";
import { atOnce } from "./pieces.ts";
import { checkSpanOptions, type SpanOptions } from "./scoring.ts";
import { type TagTable, tableOfLabels } from "./tags.ts";
import type { ComputeMetrics, EvalPrediction } from "./types.ts";

export interface SeqevalOptions extends SpanOptions {
  /** Also give `PER_precision`, `PER_recall`, `PER_f1` and `PER_number` for each type. Default false. */
  returnEntityLevelMetrics?: boolean;
}

/**
 * A `computeMetrics` with seqeval's scores: `{ precision, recall, f1, accuracy }` over the positions whose label id is
 * not -100.
 *
 * It works on label ids and builds no strings: a million tokens take some tens of milliseconds.
 *
 * @param labels  Tag names by id (`model.labels`).
 * @throws {TorchnerError} `EARG` for labels that are no tags and for wrong options; the function itself throws `EARG`
 *   for an id outside of `labels`, naming sentence and position, and `EDATA` for gold tags outside of a strict scheme.
 */
export function seqeval(labels: readonly string[], options: SeqevalOptions = {}): ComputeMetrics {
  checkSpanOptions("seqeval", options, ["returnEntityLevelMetrics"]);
  checkFlag("returnEntityLevelMetrics", options.returnEntityLevelMetrics);
  const table = tableOfLabels("seqeval", labels, options);
  return scoresMetric(table, options, (scores) => metricsOf(scores, options));
}

/** A metric that is made of the scores of entities. */
export function scoresMetric(
  table: TagTable,
  options: SpanOptions,
  metrics: (scores: EntityScores) => Record<string, number>,
): ComputeMetrics {
  function* inPieces(prediction: EvalPrediction): Generator<void, Record<string, number>> {
    return metrics(yield* scorePrediction(prediction, table, options));
  }
  return Object.assign((prediction: EvalPrediction) => atOnce(inPieces(prediction)), { inPieces });
}

/** The scores under the names that `computeMetrics` gives them. */
export function metricsOf(
  scores: EntityScores,
  { returnEntityLevelMetrics = false }: SeqevalOptions,
): Record<string, number> {
  const metrics: Record<string, number> = {
    precision: scores.overall_precision,
    recall: scores.overall_recall,
    f1: scores.overall_f1,
    accuracy: scores.overall_accuracy,
  };
  if (returnEntityLevelMetrics) {
    for (const [type, one] of Object.entries(scores.types)) {
      for (const [key, value] of Object.entries(one)) metrics[`${type}_${key}`] = value;
    }
  }
  return metrics;
}
