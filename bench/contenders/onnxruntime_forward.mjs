/** onnxruntime-node alone, from ids to logits: a pipeline has tokenizing and grouping on top of this. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { AutoTokenizer } from "torchner";
import { nodePeers } from "../places.mjs";
import { serve, timed } from "./serve.mjs";

const { InferenceSession, Tensor } = createRequire(join(nodePeers, "package.json"))("onnxruntime-node");
const files = { fp32: "model.onnx", int8: "model_int8.onnx" };

await serve(async ({ folder, dtype, threads }) => {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential" };
  const session = await InferenceSession.create(join(folder, "onnx", files[dtype]), options);
  return async ({ calls }) => {
    const seconds = [];
    for (const input of calls) {
      const feeds = feedsOf(await tokenizer.encodeTexts([input].flat()), tokenizer.padTokenId, session);
      seconds.push((await timed(() => session.run(feeds))).seconds);
    }
    return { seconds };
  };
});

function feedsOf(encodings, padding, { inputNames }) {
  const width = Math.max(...encodings.map(({ length }) => length));
  const padded = (row, filler) => [...row, ...Array(width - row.length).fill(filler)];
  const tensor = (rows) => new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, width]);
  const feeds = {
    input_ids: tensor(encodings.map(({ ids }) => padded(ids, padding))),
    attention_mask: tensor(encodings.map(({ ids }) => padded(Array(ids.length).fill(1), 0))),
    token_type_ids: tensor(encodings.map(({ typeIds }) => padded(typeIds, 0))),
  };
  return Object.fromEntries(inputNames.map((name) => [name, feeds[name]]));
}
