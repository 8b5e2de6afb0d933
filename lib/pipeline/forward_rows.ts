/** Rows of any length through the model, in batches of like length. */

import type { Batch } from "../data/types.ts";
import { shown } from "../messages/checks.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Tokenizer } from "../tokenization/tokenizer.ts";

/** What prediction needs of a model and of a tokenizer. */
export type Classifier = Pick<TokenClassificationModel, "labels" | "config" | "forward">;
export type WordSplitter = Pick<
  Tokenizer,
  "modelMaxLength" | "padTokenId" | "padTokenTypeId" | "encodeTexts" | "encodeWords" | "continuationMask"
>;

export interface Row {
  ids: Int32Array;
  typeIds: Int32Array;
}

/** As `per_device_eval_batch_size`. */
export const defaultBatchSize = 8;

/**
 * Calls `visit` once for each row with its logits, row-major `[row.ids.length, labels]`, in no given order:
 * rows of like length share a batch, so that little of a batch is padding. Dropout is off and no graph is
 * kept, whatever mode the model is in.
 */
export async function forwardRows(
  model: Classifier,
  tokenizer: Pick<WordSplitter, "padTokenId" | "padTokenTypeId">,
  rows: readonly Row[],
  batchSize: number,
  visit: (row: number, logits: Float32Array) => void,
): Promise<void> {
  const order = Array.from(rows.keys()).sort((a, b) => rows[b]!.ids.length - rows[a]!.ids.length);
  for (let first = 0; first < order.length; first += batchSize) {
    const members = order.slice(first, first + batchSize);
    const batch = padBatch(
      members.map((row) => rows[row]!),
      tokenizer,
    );
    const logits = await logitsOf(model, batch);
    const rowSize = batch.shape[1] * model.labels.length;
    members.forEach((row, i) => {
      const from = i * rowSize;
      visit(row, logits.subarray(from, from + rows[row]!.ids.length * model.labels.length));
    });
  }
}

/** The most pieces that a row may have, special tokens included: the smaller of the two folder's limits. */
export function maxRowLength(
  model: Pick<Classifier, "config">,
  tokenizer: Pick<WordSplitter, "modelMaxLength">,
): number {
  const positions = model.config.max_position_embeddings;
  return Math.min(tokenizer.modelMaxLength, typeof positions === "number" ? positions : Infinity);
}

/** @throws {TorchnerError} `EARG` unless it is a whole number from 1. */
export function checkBatchSize(batchSize: unknown): void {
  if (!Number.isInteger(batchSize) || (batchSize as number) < 1) {
    throw new TorchnerError("EARG", `batchSize must be a whole number from 1, not ${shown(batchSize)}.`);
  }
}

async function logitsOf(model: Classifier, batch: Batch): Promise<Float32Array> {
  const output = await model.forward(batch, { training: false, grad: false });
  try {
    return (await output.logits.toTypedArray()) as Float32Array;
  } finally {
    output.dispose();
  }
}

function padBatch(
  rows: readonly Row[],
  { padTokenId = 0, padTokenTypeId }: Pick<WordSplitter, "padTokenId" | "padTokenTypeId">,
): Batch {
  const width = Math.max(...rows.map(({ ids }) => ids.length));
  const size = rows.length * width;
  const inputIds = new Int32Array(size).fill(padTokenId);
  const tokenTypeIds = new Int32Array(size).fill(padTokenTypeId);
  const attentionMask = new Int32Array(size);
  rows.forEach(({ ids, typeIds }, row) => {
    inputIds.set(ids, row * width);
    tokenTypeIds.set(typeIds, row * width);
    attentionMask.fill(1, row * width, row * width + ids.length);
  });
  return { shape: [rows.length, width], inputIds, attentionMask, tokenTypeIds };
}
