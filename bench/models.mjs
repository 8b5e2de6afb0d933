/**
 * The models, by their size: a folder each that both sides open, so that all start from the same weights. MiniLM is the
 * real one where it is at hand; speed does not ask what weights say, so the others are random.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AutoModelForTokenClassification, AutoTokenizer, defaultCheckpoint, setSeed } from "torchner";
import { testData, testModel } from "../test/support/places.mjs";
import { cache } from "./places.mjs";
import { once } from "./stamp.mjs";

const longest = { max_position_embeddings: 512 };
const bert = { model_type: "bert", ...longest };

const sizes = {
  "bert-base": {
    ...bert,
    ...{ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 },
  },
  distilbert: {
    ...{ model_type: "distilbert", ...longest },
    ...{ dim: 768, n_layers: 6, n_heads: 12, hidden_dim: 3072 },
  },
  minilm: {
    ...bert,
    ...{ hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
  },
};

const vocabularies = {
  "bert-base": "bert-base-cased",
  distilbert: "bert-base-cased",
  minilm: "all-MiniLM-L6-v2",
};

export const modelNames = Object.keys(sizes);

/**
 * The model's folder, made on first use.
 * @param {string} name
 * @param {string[]} labels
 */
export async function modelFolder(name, labels) {
  const pretrained = name === "minilm" ? testModel() : undefined;
  const vocabulary = pretrained ?? vocabularyOf(name);
  const folder = join(cache, "models", name);
  const stamp = JSON.stringify({ size: sizes[name], labels, pretrained, vocabulary });
  await once(folder, stamp, () => makeModel(folder, { name, labels, pretrained, vocabulary }));
  return folder;
}

async function makeModel(folder, { name, labels, pretrained, vocabulary }) {
  const tokenizer = await AutoTokenizer.fromPretrained(vocabulary);
  await setSeed(42);
  const model = pretrained
    ? await AutoModelForTokenClassification.fromPretrained(pretrained, { labels })
    : await AutoModelForTokenClassification.fromConfig(
        { ...sizes[name], vocab_size: tokenizer.vocabSize },
        { labels },
      );
  await model.savePretrained(folder);
  await tokenizer.savePretrained(folder);
  model.dispose();
  tokenizer.dispose();
}

function vocabularyOf(name) {
  const folder = testData && join(testData, "tokenizers", vocabularies[name]);
  return folder && existsSync(folder) ? folder : defaultCheckpoint;
}

/** Width, layers and labels of a folder's model. */
export function shapeOf(folder) {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  return {
    hidden: config.hidden_size ?? config.dim,
    layers: config.num_hidden_layers ?? config.n_layers,
    inner: config.intermediate_size ?? config.hidden_dim,
    labels: Object.keys(config.id2label).length,
  };
}

/**
 * What a training step has to compute on its real tokens: products of the linear layers and of attention, forward
 * and twice that backward.
 * @param {ReturnType<typeof shapeOf>} shape
 * @param {number[]} lengths  pieces of each sentence
 */
export function trainingFlops({ hidden, layers, inner, labels }, lengths) {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const pairs = lengths.reduce((sum, length) => sum + length ** 2, 0);
  const linear = 2 * tokens * (layers * (4 * hidden ** 2 + 2 * hidden * inner) + hidden * labels);
  const attention = 4 * pairs * hidden * layers;
  return 3 * (linear + attention);
}
