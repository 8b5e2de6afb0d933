/**
 * Every kind of work with the collector run between any two calls and handles left to it: `node --expose-gc
 * collector.mjs FOLDER`. Prints whether the numbers are those of a run that the collector left alone.
 */
import { works, world } from "./world.mjs";

const [folder] = process.argv.slice(2);

async function losses(collect) {
  const here = await world({ size: 16, folder });
  const { addon, batch, model, optimizer, tokenizer, path } = here;
  await model.loadWeights([path("start")]);
  await addon.manualSeed(3);
  await optimizer.zeroGrad();
  const found = [];
  for (let i = 0; i < 8; i++) {
    const { loss } = await model.forward(batch, { training: true });
    collect();
    const running = loss.backward();
    collect();
    await running;
    (await optimizer.clipGradNorm(1)).item().then(collect);
    collect();
    await optimizer.step(1e-3);
    collect();
    found.push(await loss.item());
    const encoded = tokenizer.encodeTexts(["ana lived ."]);
    collect();
    found.push(...(await encoded).ids);
    collect();
    await optimizer.zeroGrad();
    found.push(...(await (await model.parameter(model.parameterNames()[0])).toTypedArray()));
    collect();
  }
  for (const begin of Object.values(works)) {
    const work = await begin(here);
    collect();
    const running = work();
    collect();
    await running;
    collect();
  }
  return found;
}

const first = await world({ size: 16, folder });
await first.model.save(first.path("start"));
const alone = await losses(() => {});
const collected = await losses(globalThis.gc);
console.log(
  alone.length > 8 && alone.every((value, i) => value === collected[i]) ? "the same" : "other numbers",
);
