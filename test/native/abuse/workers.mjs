/**
 * Workers that end in the middle of each kind of work, by each way, while this thread trains: `node workers.mjs ROUNDS
 * FOLDER`. Its own training must not notice.
 */
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { works, world } from "./world.mjs";

const ways = ["terminate", "exit", "throw", "run out"];

async function inWorker({ work, way, folder, delay }) {
  const begin = await works[work](await world({ size: 32, folder }));
  let over = false;
  const again = () =>
    begin().then(
      () => over || again(),
      () => over || again(),
    );
  again();
  again();
  parentPort.postMessage("ready");
  if (way === "terminate") return;
  setTimeout(() => {
    if (way === "exit") process.exit(3);
    if (way === "throw") throw new Error("planned");
    over = true;
    parentPort.close();
  }, delay);
}

async function onMain([rounds, folder]) {
  const { train, optimizer } = await world({ size: 32, folder: `${folder}/main` });
  let stop = false;
  let steps = 0;
  const training = (async () => {
    for (; !stop; steps++) {
      const { loss, logits } = await train();
      await loss.backward();
      await optimizer.step(1e-4);
      await optimizer.zeroGrad();
      if (!Number.isFinite(await loss.item())) throw new Error("the loss is not finite");
      loss.dispose();
      logits.dispose();
    }
  })();
  let ended = 0;
  for (let round = 0; round < Number(rounds); round++) {
    for (const work of Object.keys(works)) {
      await Promise.all(
        ways.map(async (way) => {
          const data = { work, way, folder: `${folder}/${way}`, delay: randomInt(12) };
          const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data });
          const failed = [];
          worker.on("error", (error) => failed.push(error.message));
          const code = new Promise((resolve) => worker.once("exit", resolve));
          await Promise.race([new Promise((resolve) => worker.once("message", resolve)), code]);
          if (way === "terminate") {
            await new Promise((resolve) => setTimeout(resolve, data.delay));
            await worker.terminate();
          }
          const end = [await code, ...failed].join(" ");
          const expected = { terminate: "1", exit: "3", throw: "1 planned", "run out": "0" }[way];
          if (end !== expected) throw new Error(`${work}, ${way}: ${end}`);
          ended++;
        }),
      );
    }
  }
  stop = true;
  await training;
  console.log(JSON.stringify({ ended, steps: steps > 0 }));
}

await (isMainThread ? onMain(process.argv.slice(2)) : inWorker(workerData));
