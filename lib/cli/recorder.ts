import type { EntityScores } from "../metrics/entities.ts";
import { metricsOf, scoresMetric } from "../metrics/seqeval.ts";
import { tagTable } from "../metrics/tags.ts";
import type { ComputeMetrics } from "../metrics/types.ts";

/**
 * `seqeval(labels)` for the Trainer, which also hands each evaluation's scores per type to `record`: the log has
 * no room for them, and the table at the end needs them.
 */
export function recordingSeqeval(
  labels: readonly string[],
  record: (scores: EntityScores) => void,
  options: { returnEntityLevelMetrics?: boolean } = {},
): ComputeMetrics {
  return scoresMetric(tagTable([...labels]), {}, (scores) => {
    record(scores);
    return metricsOf(scores, options);
  });
}
