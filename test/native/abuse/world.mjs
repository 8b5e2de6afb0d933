/** The addon as a child process or a worker opens it, one of each handle, and every kind of work. */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

export class TorchnerError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

export const hooks = {
  TorchnerError,
  allocate: (kind, length) => new arrays[kind](length),
  disposeSymbol: Symbol.for("dispose"),
};

/** Not yet initialised. */
export function require() {
  return createRequire(import.meta.url)("../../../build/Release/torchner.node");
}

let opened;

export function open() {
  if (opened) return opened;
  opened = require();
  opened.init(hooks);
  // As lib/native/load.ts does.
  if (isMainThread) process.once("exit", () => opened.shutdown());
  return opened;
}

const words = "[PAD] [UNK] [CLS] [SEP] [MASK] ana lived in paris ##s .".split(" ");
export const vocab = new TextEncoder().encode(`${words.join("\n")}\n`);

/** A model whose steps take some milliseconds, so that something can happen in the middle of one. */
export async function world({ size = 128, layers = 2, folder = tmpdir() } = {}) {
  const addon = open();
  const config = {
    ...{ model_type: "bert", vocab_size: 50, hidden_size: size, num_hidden_layers: layers },
    ...{ num_attention_heads: 4, intermediate_size: 4 * size, max_position_embeddings: 64 },
  };
  const spec = { config, numLabels: 3, weights: [] };
  const batch = {
    ...{ shape: [8, 32], inputIds: new Int32Array(256).fill(5), labels: new Int32Array(256) },
    ...{ attentionMask: new Uint8Array(256).fill(1), tokenTypeIds: new Uint8Array(256) },
  };
  const { model } = await addon.loadModel(spec);
  const optimizer = new addon.AdamW(model);
  const tokenizer = await addon.loadWordPiece(vocab, { lowercase: true });
  const train = () => model.forward(batch, { training: true });
  const { loss, logits } = await train();
  await loss.backward();
  const json = new TextEncoder().encode(tokenizer.toJson());
  const path = (name) => join(folder, `${name}.safetensors`);
  await model.save(path("weights"));
  await optimizer.save(path("moments"));
  return { addon, spec, batch, model, optimizer, tokenizer, train, loss, logits, json, path };
}

const sentences = Array.from({ length: 2000 }, () => ["Ana", "lived", "in", "Paris", "."]);

/** Each begins one piece of work of a world, after what it needs. */
export const works = {
  load:
    async ({ addon, spec }) =>
    () =>
      addon.loadModel(spec),
  forward: async ({ train }) => train,
  backward: async ({ train }) => {
    const { loss } = await train();
    return () => loss.backward();
  },
  clip:
    async ({ optimizer }) =>
    () =>
      optimizer.clipGradNorm(1),
  step:
    async ({ optimizer }) =>
    () =>
      optimizer.step(1e-4),
  save:
    async ({ model, path }) =>
    () =>
      model.save(path("saved")),
  "save the optimizer":
    async ({ optimizer, path }) =>
    () =>
      optimizer.save(path("optimizer")),
  "load weights":
    async ({ model, path }) =>
    () =>
      model.loadWeights([path("weights")]),
  "load the optimizer":
    async ({ optimizer, path }) =>
    () =>
      optimizer.load(path("moments")),
  pack: async ({ addon, spec }) => {
    const { model } = await addon.loadModel(spec);
    return () => model.packForInference("fp32");
  },
  tokenize:
    async ({ tokenizer }) =>
    () =>
      tokenizer.encodeWords(sentences),
  "load a tokenizer":
    async ({ addon, json }) =>
    () =>
      addon.loadTokenizer(json),
};
