/** torchner's side of the race: the loop by hand, in fast numerics. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  AdamW,
  AutoModelForTokenClassification,
  getScheduler,
  setNumThreads,
  setSeed,
} from "../dist/index.js";

const settings = JSON.parse(process.argv[2]);
const batches = JSON.parse(readFileSync(join(settings.folder, "batches.json"), "utf8")).map(
  ({ shape, ...arrays }) => ({
    shape,
    ...Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, Int32Array.from(values)])),
  }),
);
await setNumThreads(settings.threads);
const model = await AutoModelForTokenClassification.fromPretrained(settings.folder);
model.train().bf16 = settings.bf16;
const optimizer = new AdamW(model, { lr: 5e-5, weightDecay: 0.01 });
const scheduler = getScheduler("linear", {
  optimizer,
  numWarmupSteps: 0,
  numTrainingSteps: settings.totalSteps,
});
await setSeed(42);

async function step(batch) {
  const out = await model.forward(batch);
  await out.loss.backward();
  (await optimizer.clipGradNorm(1)).dispose();
  await optimizer.step();
  scheduler.step();
  await optimizer.zeroGrad();
  const loss = await out.loss.item();
  out.dispose();
  return loss;
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const [first, count] = line.split(" ").map(Number);
  let loss = 0;
  const start = performance.now();
  for (let i = first; i < first + count; i++) loss = await step(batches[i]);
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, loss }));
}
