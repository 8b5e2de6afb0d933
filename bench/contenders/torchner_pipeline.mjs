/** torchner's pipeline, text in, entities out. */
import { pipeline, setNumThreads } from "torchner";
import { answerCalls } from "./calls.mjs";
import { serve } from "./serve.mjs";

await serve(async ({ folder, dtype, batchSize, threads }) => {
  await setNumThreads(threads);
  const numerics = dtype === "fp32" ? {} : { dtype };
  return answerCalls(await pipeline("ner", folder, { batchSize, device: "cpu", ...numerics }));
});
