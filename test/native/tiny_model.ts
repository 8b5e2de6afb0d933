/** A BERT small enough to train in milliseconds, with fresh weights, and batches for it. */
import type { Batch } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { setSeed } from "../../lib/model/runtime.ts";

export const tinyConfig: ModelConfig = {
  model_type: "bert",
  vocab_size: 100,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
  max_position_embeddings: 64,
};

export const tinyDistilConfig: ModelConfig = {
  model_type: "distilbert",
  vocab_size: 100,
  dim: 32,
  n_layers: 2,
  n_heads: 4,
  hidden_dim: 64,
  max_position_embeddings: 64,
};

export const tinyLabels = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"];

export async function tinyModel(config = tinyConfig): Promise<TokenClassificationModel> {
  await setSeed(7);
  return AutoModelForTokenClassification.fromConfig(config, { labels: tinyLabels });
}

/** Rows of the given lengths, padded to the longest; ids and labels follow from the position. */
export function tinyBatch(lengths: readonly number[] = [9, 4, 12, 7]): Batch & { labels: Int32Array } {
  const width = Math.max(...lengths);
  const cells = lengths.length * width;
  const batch = {
    shape: [lengths.length, width] as const,
    inputIds: new Int32Array(cells),
    attentionMask: new Int32Array(cells),
    tokenTypeIds: new Int32Array(cells),
    labels: new Int32Array(cells).fill(-100),
  };
  for (const [row, length] of lengths.entries()) {
    for (let column = 0; column < length; column++) {
      const cell = row * width + column;
      batch.inputIds[cell] = 1 + ((row * 31 + column * 17) % 99);
      batch.attentionMask[cell] = 1;
      batch.labels[cell] = (row + column) % tinyLabels.length;
    }
  }
  return batch;
}

/** All parameters by name, copied out. */
export async function parametersOf(model: TokenClassificationModel): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const name of model.parameterNames()) {
    using tensor = await model.getParameter(name);
    values.set(name, (await tensor.toTypedArray()) as Float32Array);
  }
  return values;
}
