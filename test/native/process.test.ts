/** What happens around the work: the event loop, workers, and every way a process ends. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { addonPath } from "../../lib/native/load.ts";
import { patience, projectRoot } from "../support/shared.ts";

/** Runs a script against the built addon in a process of its own, with a deadline below Jest's. */
function run(script: string) {
  const prelude = `
    import { createRequire } from "node:module";
    import { Worker, isMainThread, parentPort } from "node:worker_threads";
    const require = createRequire(${JSON.stringify(join(projectRoot, "package.json"))});
    const addonPath = ${JSON.stringify(addonPath)};
    function open() {
      const addon = require(addonPath);
      class TorchnerError extends Error { constructor(code, message) { super(message); this.code = code; } }
      addon.init({ TorchnerError, disposeSymbol: Symbol.dispose ?? Symbol("dispose"),
                   allocate: (kind, n) => kind === "int32" ? new Int32Array(n) : new Float32Array(n) });
      process.once("exit", () => addon.shutdown());
      return addon;
    }
    const config = { model_type: "bert", vocab_size: 50, hidden_size: 256, num_hidden_layers: 4,
                     num_attention_heads: 4, intermediate_size: 1024, max_position_embeddings: 64 };
    const load = async (addon) => (await addon.loadModel({ config, numLabels: 3, weights: [] })).model;
    const batch = { shape: [16, 64], inputIds: new Int32Array(1024).fill(5), labels: new Int32Array(1024) };
    const step = async (model) => (await model.forward(batch, { training: true })).loss.backward();
  `;
  const done = spawnSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", prelude + script], {
    encoding: "utf8",
    timeout: 50_000 * patience,
  });
  return { status: done.status, signal: done.signal, out: done.stdout.trim(), err: done.stderr };
}

test("timers fire while a step runs", () => {
  const { out, status } = run(`
    const addon = open(); const model = await load(addon);
    let ticks = 0; const timer = setInterval(() => ticks++, 1);
    const before = ticks; for (let i = 0; i < 3; i++) await step(model);
    clearInterval(timer); console.log(ticks - before > 5 ? "free" : "blocked " + ticks);
  `);
  expect([status, out]).toEqual([0, "free"]);
});

test("the process ends by itself with handles left open", () => {
  expect(run(`const addon = open(); await step(await load(addon)); console.log("end");`)).toMatchObject({
    status: 0,
    out: "end",
  });
});

test("process.exit in the middle of a step ends with its own status", () => {
  expect(
    run(`const addon = open(); const model = await load(addon); step(model); step(model); process.exit(7);`),
  ).toMatchObject({ status: 7, signal: null });
});

test("an uncaught exception in the middle of a step ends with status 1", () => {
  expect(
    run(`const addon = open(); const model = await load(addon); step(model);
         setTimeout(() => { throw new Error("planned"); }, 1);`),
  ).toMatchObject({ status: 1, signal: null });
});

test("a worker terminated in the middle of a step leaves the process whole", () => {
  const { out, status, err } = run(`
    const work = (addonPath, config) => {
      const { parentPort } = require("node:worker_threads");
      const addon = require(addonPath);
      addon.init({ TorchnerError: Error, disposeSymbol: Symbol("d"), allocate: () => new Int32Array(1) });
      const batch = { shape: [16, 64], inputIds: new Int32Array(1024).fill(5), labels: new Int32Array(1024) };
      addon.loadModel({ config, numLabels: 3, weights: [] }).then(async ({ model }) => {
        parentPort.postMessage("ready");
        for (;;) await (await model.forward(batch, { training: true })).loss.backward();
      });
    };
    const body = "(" + work + ")(" + JSON.stringify(addonPath) + "," + JSON.stringify(config) + ")";
    const addon = open(); const model = await load(addon);
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(body, { eval: true, execArgv: [] });
      await new Promise((resolve) => worker.once("message", resolve));
      await step(model);
      await worker.terminate();
    }
    await step(model);
    console.log("whole");
  `);
  expect([status, out, err]).toEqual([0, "whole", ""]);
});

test("workers terminated while results arrive leave the process whole", () => {
  const { out, status, err } = run(`
    const work = (addonPath) => {
      const { parentPort } = require("node:worker_threads");
      const addon = require(addonPath);
      addon.init({ TorchnerError: Error, disposeSymbol: Symbol("d"), allocate: () => new Int32Array(1) });
      const loop = async (call) => { for (;;) await call().catch(() => undefined); };
      for (let i = 0; i < 8; i++) loop(() => addon.drawBaseSeed());
      loop(() => addon.loadModel({}));
      parentPort.postMessage("ready");
    };
    const body = "(" + work + ")(" + JSON.stringify(addonPath) + ")";
    open();
    for (let i = 0; i < 25; i++) {
      const worker = new Worker(body, { eval: true, execArgv: [] });
      await new Promise((resolve) => worker.once("message", resolve));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await worker.terminate();
    }
    console.log("whole");
  `);
  expect([status, out, err]).toEqual([0, "whole", ""]);
});

test("memory stays flat when handles are left to the collector", () => {
  const { out, status, err } = run(`
    const addon = open(); await addon.setNumThreads(1); const model = await load(addon);
    const small = { shape: [2, 16], inputIds: new Int32Array(32).fill(5), labels: new Int32Array(32) };
    const round = async (n) => { for (let i = 0; i < n; i++) await model.forward(small, { training: true }); };
    await round(50); gc(); const before = process.memoryUsage().rss;
    await round(200); gc(); await new Promise((r) => setTimeout(r, 50));
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    console.log(grown < 200 ? "flat" : "grew by " + grown + " MB");
  `);
  expect([status, out, err]).toEqual([0, "flat", ""]);
});
