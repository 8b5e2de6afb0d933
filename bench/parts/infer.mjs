/** Text to entities: batches of 32, and one sentence at a time. */
import { AutoTokenizer } from "torchner";
import { onnxFolder, onnxModels } from "../onnx.mjs";
import { range } from "../range.mjs";
import { sectionOf } from "../sections.mjs";
import { median, sum } from "../stats.mjs";

const batchSize = 32;
const wordsOfOne = 18;
const dtypes = ["fp32", "bf16", "int8"];

export const infer = {
  name: "infer",
  models: ["bert-base"],
  shortModels: ["bert-base"],
  peers: ["python", "onnx"],
  async measure(context) {
    const listed = await contenders(context);
    const kinds = [await batches(context), oneSentence(context)];
    // One race for both kinds: to load the models costs more than to run them.
    const { entries, finishes } = await context.race(listed, {
      warmUp: kinds.map(({ warmUp }) => warmUp),
      requests: kinds.flatMap(({ requests }) => requests),
    });
    let first = 0;
    return kinds.map(({ about, requests }) => {
      const last = first + requests.length;
      const own = finishes.map((finish) => ({ ...finish, answers: finish.answers.slice(first, last) }));
      first = last;
      return sectionOf({ ...about, entries, finishes: own });
    });
  },
};

/** The rival of each is torchner in the same dtype. */
async function contenders({ alone, model, folder, short }) {
  const ours = dtypes.map((dtype) => ({
    ...{ name: `torchner ${dtype}`, script: "torchner_pipeline.mjs", settings: { folder, dtype, batchSize } },
  }));
  if (alone) return ours;
  const onnx = await onnxFolder(model, folder);
  const python = (name, variant, dtype) => ({
    ...{ name, peer: true, rival: `torchner ${dtype}` },
    ...{ script: "transformers_pipeline.py", settings: { folder, variant, batchSize } },
  });
  const node = (name, script, settings) => (dtype) => ({
    ...{ name: `${name} ${dtype}`, peer: true, rival: `torchner ${dtype}`, script },
    settings: { ...settings, dtype },
  });
  return [
    ...ours,
    python("HF fp32", "default", "fp32"),
    ...(short
      ? []
      : [python("HF fp32, products by oneDNN", "onednn", "fp32"), python("HF bf16", "bf16", "bf16")]),
    ...["fp32", "int8"].map(
      node("transformers.js", "transformersjs_pipeline.mjs", { models: onnxModels, name: model }),
    ),
    ...["fp32", "int8"].map(
      node("onnxruntime-node, ids to logits,", "onnxruntime_forward.mjs", { folder: onnx }),
    ),
  ];
}

async function batches(context) {
  const { short, turns = short ? 2 : 7, sentences, folder, model } = context;
  const perTurn = short ? 1 : 2;
  const texts = textsOf(sentences, (turns + 1) * perTurn * batchSize);
  const calls = range(0, (turns + 1) * perTurn).map((i) => texts.slice(i * batchSize, (i + 1) * batchSize));
  const [warmUp, ...requests] = range(0, turns + 1).map((turn) => ({
    calls: calls.slice(turn * perTurn, (turn + 1) * perTurn),
  }));
  const tokens = await Promise.all(requests.map((request) => countPieces(folder, request.calls.flat())));
  const title = `infer ${model}: batches of ${batchSize}, text to entities`;
  const value = ({ seconds }, turn) => tokens[turn] / sum(seconds);
  return { warmUp, requests, about: { title, unit: "tokens/s", better: "more", value } };
}

function oneSentence(context) {
  const { short, turns = short ? 2 : 7, sentences, model } = context;
  const text = sentences
    .find(({ tokens }) => tokens.length >= wordsOfOne)
    .tokens.slice(0, wordsOfOne)
    .join(" ");
  const request = { calls: Array(short ? 10 : 30).fill(text) };
  const title = `infer ${model}: one sentence of ${wordsOfOne} words, text to entities`;
  const value = ({ seconds }) => 1000 * median(seconds);
  const requests = Array(turns).fill(request);
  return { warmUp: request, requests, about: { title, unit: "ms", better: "less", value } };
}

/** Sentences of the corpus in an order that mixes lengths, from the start again where there are too few. */
function textsOf(sentences, count) {
  const stride = 7919;
  return range(0, count).map((i) => sentences[(i * stride) % sentences.length].tokens.join(" "));
}

async function countPieces(folder, texts) {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const encodings = await tokenizer.encodeTexts(texts);
  tokenizer.dispose();
  return sum(encodings.map(({ length }) => length));
}
