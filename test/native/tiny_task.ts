/** A task that a tiny BERT learns in a second, for tests of training. */
import { DataCollatorForTokenClassification } from "../../lib/data/collator.ts";
import { Dataset } from "../../lib/data/dataset.ts";
import type { EncodedExample } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import type { TokenClassificationModel } from "../../lib/model/model.ts";
import { setSeed } from "../../lib/model/runtime.ts";

export const labels = ["O", "B-PER", "I-PER"];
export const config = {
  model_type: "bert",
  ...{ vocab_size: 60, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 64 },
  max_position_embeddings: 32,
};

/** Sentences in which the label of a word follows from its id, so that a tiny model learns them. */
export function sentences(count: number, seed: number): Dataset<EncodedExample> {
  let x = seed;
  const next = (below: number) => {
    x = (1103515245 * x + 12345) % 2 ** 31;
    return Math.floor((x / 2 ** 31) * below);
  };
  const examples = Array.from({ length: count }, () => {
    const words = Array.from({ length: 3 + next(8) }, () => 5 + next(50));
    const wordLabels = Int32Array.from(words, (id) => (id % 4 === 0 ? 1 : 0));
    const inputIds = Int32Array.of(1, ...words, 2);
    return {
      inputIds,
      tokenTypeIds: new Int32Array(inputIds.length),
      attentionMask: new Int32Array(inputIds.length).fill(1),
      labels: Int32Array.of(-100, ...wordLabels, -100),
      wordIds: Int32Array.of(-1, ...words.keys(), -1),
      wordLabels,
    };
  });
  return new Dataset(examples);
}

export const collator = new DataCollatorForTokenClassification({ padTokenId: 0, padTokenTypeId: 0 });

/** The same weights each time; whoever makes it disposes it. */
export async function tinyBert(): Promise<TokenClassificationModel> {
  await setSeed(7);
  return AutoModelForTokenClassification.fromConfig(config, { labels });
}
