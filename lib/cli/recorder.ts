import { type EntityScores, scoreStreams } from "../metrics/entities.ts";
import { seqeval } from "../metrics/seqeval.ts";
import { streamsOfIds } from "../metrics/streams.ts";
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
  const table = tagTable([...labels]);
  const compute = seqeval(labels, options);
  return (prediction) => {
    record(scoreStreams(streamsOfIds(prediction, table)));
    return compute(prediction);
  };
}
