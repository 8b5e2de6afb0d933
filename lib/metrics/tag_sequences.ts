import { atOnce } from "./pieces.ts";
import { BORDER } from "./spans.ts";
import { streamsOfIds } from "./streams.ts";
import { type TagTable, tableOfLabels } from "./tags.ts";
import type { EvalPrediction } from "./types.ts";

/**
 * Label ids as tags, one array per sentence: what `evaluateEntities` and `classificationReport` take. Positions
 * whose label id is -100 are left out.
 *
 * @param prediction  What `computeMetrics` is given or `trainer.predict` resolves to; or, of a loop by hand, the ids
 *   of `logits.argmax()` as `predictions` with a batch's labels and shape.
 * @param labels      Tag names by id (`model.labels`).
 * @throws {TorchnerError} `EARG` for labels that are no tags, shapes that do not fit, or an id outside of `labels`.
 */
export function tagSequences(
  prediction: EvalPrediction,
  labels: readonly string[],
): { gold: string[][]; predicted: string[][] } {
  const { gold, predicted, table } = atOnce(streamsOfIds(prediction, tableOfLabels("tagSequences", labels)));
  return { gold: sentencesOf(gold, table), predicted: sentencesOf(predicted, table) };
}

function sentencesOf(stream: Int32Array, { tags }: TagTable): string[][] {
  const sentences: string[][] = [];
  let sentence: string[] = [];
  for (const id of stream) {
    if (id !== BORDER) {
      sentence.push(tags[id]!);
      continue;
    }
    sentences.push(sentence);
    sentence = [];
  }
  return sentences;
}
