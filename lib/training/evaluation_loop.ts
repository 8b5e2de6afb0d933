import { setImmediate as nextTurn } from "node:timers/promises";
import type { Batch } from "../data/types.ts";
import type { ComputeMetrics, EvalPrediction } from "../metrics/types.ts";
import type { NativeTensor } from "../native/types.ts";
import { float32Mean } from "./float_mean.ts";
import type { Examples, TrainableModel } from "./handles.ts";
import { checkedMetrics, checkedPieces, withPrefix } from "./metrics.ts";
import { evaluationRemedy, explainingMemory } from "./out_of_memory.ts";
import { RowStore } from "./row_store.ts";
import { countSkippedWords, joinWindows, sentencesOf } from "./sentences.ts";
import type { LogRow } from "./state.ts";
import { insertSkippedWords, knowsWords, PADDING } from "./words.ts";

export interface EvaluationRequest {
  model: TrainableModel;
  dataset: Examples;
  batches: AsyncIterable<Batch>;
  /** Dataset indexes in the order of the batches' rows. What is found is in the dataset's own order. */
  order: Int32Array;
  /** Metrics are named `{prefix}_...`. */
  prefix: string;
  computeMetrics?: ComputeMetrics;
  /** False: the loss is all that is wanted, and nothing else is kept. */
  keepPredictions: boolean;
  /** Keep `[sentences, width, labels]` logits (labels x 4 bytes per piece) instead of label ids. */
  returnLogits: boolean;
  /** Words with no prediction: `asOutside` in the metrics, or left out of them as in Hugging Face. */
  skippedWords: "asOutside" | "leftOut";
  /** After each batch. */
  onBatch(done: number): Promise<void>;
  /** Throws when the caller wants to stop. */
  throwIfAborted(): void;
}

export interface Evaluation extends EvalPrediction {
  metrics: LogRow;
}

/**
 * One pass without dropout and gradients. Label ids are taken where the logits are, so that what is kept is an
 * integer per piece. What is found has a row per sentence, also where several windows cover one.
 */
export async function runEvaluation(request: EvaluationRequest): Promise<Evaluation> {
  const { model, dataset, computeMetrics } = request;
  const predictions = new RowStore();
  const labels = new RowStore();
  const losses: number[] = [];
  const countsWords = knowsWords(dataset);
  let labelled = false;
  let done = 0;
  let rowsDone = 0;
  /** By the dataset's order; -1: not in any batch. */
  const widths = new Int32Array(dataset.length).fill(-1);

  for await (const batch of request.batches) {
    request.throwIfAborted();
    const memory = {
      name: `Batch ${done + 1} of the evaluation`,
      batches: [batch],
      remedy: evaluationRemedy,
    };
    const out = await explainingMemory(memory, () => model.forward(batch, { training: false, grad: false }));
    try {
      const [rows, width] = batch.shape;
      for (const row of request.order.subarray(rowsDone, rowsDone + rows)) widths[row] = width;
      rowsDone += rows;
      if (request.keepPredictions) {
        predictions.add(
          rows,
          width,
          await (request.returnLogits ? out.logits.toTypedArray() : labelIdsOf(out.logits)),
        );
        labels.add(rows, width, batch.labels ?? new Int32Array(rows * width).fill(PADDING));
      }
      labelled ||= batch.labels?.some((label) => label !== PADDING) ?? false;
      if (out.loss) losses.push(...new Array<number>(rows).fill(await out.loss.item()));
    } finally {
      out.dispose();
    }
    await request.onBatch(++done);
  }

  // What follows takes long for a large dataset: each part has a turn of the event loop.
  await nextTurn();
  const found = joinWindows(dataset, {
    ...predictions.padded(request.returnLogits ? "float32" : "int32", request.order),
    labelIds: labels.padded("int32", request.order).predictions as Int32Array,
  });
  await nextTurn();
  const skipped = countsWords ? await inTurns(countSkippedWords(dataset, widths), request) : 0;
  await nextTurn();
  const metrics: LogRow = {};
  // A reference run without such words has exactly the keys of Hugging Face.
  if (countsWords && (skipped > 0 || request.skippedWords === "asOutside")) metrics.skipped_words = skipped;
  if (computeMetrics && labelled) {
    const outside = model.labels.indexOf("O");
    const insert = request.skippedWords === "asOutside" && skipped > 0 && outside >= 0;
    const scored = insert ? insertSkippedWords(sentencesOf(dataset), found, outside) : found;
    if (insert) await nextTurn();
    const returned = computeMetrics.inPieces
      ? await inTurns(checkedPieces(computeMetrics.inPieces(scored)), request)
      : computeMetrics(scored);
    Object.assign(metrics, checkedMetrics(returned));
    await nextTurn();
  }
  if (labelled && losses.length > 0) metrics.loss = meanLoss(losses);
  return { ...found, metrics: withPrefix(request.prefix, metrics) };
}

/** What work in pieces comes to, with a turn of the event loop after each. */
async function inTurns<Result>(
  pieces: Generator<unknown, Result>,
  caller: Pick<EvaluationRequest, "throwIfAborted">,
): Promise<Result> {
  let piece = pieces.next();
  while (!piece.done) {
    await nextTurn();
    caller.throwIfAborted();
    piece = pieces.next();
  }
  return piece.value;
}

/** Mean over sentences of their batch's loss; values that are not finite are left out unless there are no others. */
function meanLoss(losses: readonly number[]): number {
  const finite = losses.filter(Number.isFinite);
  return float32Mean(Float32Array.from(finite.length > 0 ? finite : losses));
}

async function labelIdsOf(logits: NativeTensor): Promise<Int32Array> {
  const ids = await logits.argmax();
  try {
    return (await ids.toTypedArray()) as Int32Array;
  } finally {
    ids.dispose();
  }
}
