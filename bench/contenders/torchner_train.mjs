/** torchner's training steps: the loop by hand, which is the Trainer's. */
import { readFileSync } from "node:fs";
import { AdamW, AutoModelForTokenClassification, getScheduler, setNumThreads, setSeed } from "torchner";
import { serve, timed } from "./serve.mjs";

await serve(async ({ folder, batches: file, threads, bf16, totalSteps }) => {
  const batches = readBatches(file);
  await setNumThreads(threads);
  const model = await AutoModelForTokenClassification.fromPretrained(folder, { device: "cpu" });
  model.train().bf16 = bf16;
  const optimizer = new AdamW(model, { lr: 5e-5, weightDecay: 0.01 });
  const scheduler = getScheduler("linear", { optimizer, numWarmupSteps: 0, numTrainingSteps: totalSteps });
  await setSeed(42);

  const step = async (batch) => {
    const out = await model.forward(batch);
    await out.loss.backward();
    (await optimizer.clipGradNorm(1)).dispose();
    await optimizer.step();
    scheduler.step();
    await optimizer.zeroGrad();
    const loss = await out.loss.item();
    out.dispose();
    return loss;
  };
  return async ({ steps }) => {
    let loss;
    const { seconds } = await timed(async () => {
      for (const i of steps) loss = await step(batches[i]);
    });
    return { seconds, loss };
  };
});

function readBatches(file) {
  return JSON.parse(readFileSync(file, "utf8")).map(({ shape, ...arrays }) => ({
    shape,
    ...Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, Int32Array.from(values)])),
  }));
}
