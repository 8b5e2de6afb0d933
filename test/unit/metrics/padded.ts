import type { EvalPrediction } from "../../../lib/metrics/types.ts";

/**
 * Tag sequences as a Trainer hands them to computeMetrics: label ids, a [CLS] before each sentence and
 * padding after it at -100, and predictions that are anything there.
 */
export function padded(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): { labels: string[]; prediction: EvalPrediction } {
  const labels = [...new Set([...gold, ...predicted].flat())].sort();
  const width = 2 + Math.max(0, ...gold.map((tags) => tags.length));
  const labelIds = new Int32Array(gold.length * width).fill(-100);
  const predictions = labelIds.map((_, at) => (at % 2 ? -100 : at % labels.length));
  gold.forEach((tags, sentence) => {
    tags.forEach((tag, word) => {
      const at = sentence * width + 1 + word;
      labelIds[at] = labels.indexOf(tag);
      predictions[at] = labels.indexOf(predicted[sentence]![word]!);
    });
  });
  return { labels, prediction: { predictions, labelIds, shape: [gold.length, width] } };
}
