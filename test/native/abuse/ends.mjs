/** A process that ends while work is under way: `node ends.mjs WORK WAY FOLDER`, where `all` is every work at once. */
import { works, world } from "./world.mjs";

const [work, way, folder] = process.argv.slice(2);
const here = await world({ folder });
const begins = await Promise.all(
  (work === "all" ? Object.values(works) : [works[work]]).map((of) => of(here)),
);
/** Behind a step that is under way, so that it waits in the queue, or in the middle of it. */
const begin = () => {
  for (const one of begins) {
    one().catch(() => {});
    one().catch(() => {});
  }
};

const ways = {
  exit: () => process.exit(7),
  "exit soon": () => setTimeout(() => process.exit(7), 2),
  "exit in a microtask": () => queueMicrotask(() => process.exit(7)),
  "exit before the exit": () =>
    process.once("beforeExit", () => {
      begin();
      process.exit(7);
    }),
  "work in the exit": () => {
    process.once("exit", begin);
    process.exit(7);
  },
  "end by itself": () => {
    process.exitCode = 7;
  },
  "uncaught exception": () =>
    setImmediate(() => {
      throw new Error("planned");
    }),
  "unhandled rejection": () => void Promise.reject(new Error("planned")),
  "caught and gone on": () => {
    process.once("uncaughtException", () =>
      Promise.allSettled(begins.map((one) => one())).then(() => process.exit(7)),
    );
    setImmediate(() => {
      throw new Error("planned");
    });
  },
  "a worker's exit": async () => {
    const { Worker } = await import("node:worker_threads");
    const worker = new Worker("process.exit(3)", { eval: true });
    worker.once("exit", (code) => process.exit(code === 3 ? 7 : 1));
  },
};

begin();
await ways[way]();
