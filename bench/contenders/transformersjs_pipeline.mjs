/** transformers.js's pipeline, which runs on onnxruntime-node. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { nodePeers } from "../places.mjs";
import { answerCalls } from "./calls.mjs";
import { serve } from "./serve.mjs";

const { env, pipeline } = createRequire(join(nodePeers, "package.json"))("@huggingface/transformers");

await serve(async ({ models, name, dtype, threads }) => {
  Object.assign(env, { allowRemoteModels: false, localModelPath: models });
  const session = { intraOpNumThreads: threads, interOpNumThreads: 1 };
  return answerCalls(
    await pipeline("token-classification", name, { dtype, device: "cpu", session_options: session }),
  );
});
