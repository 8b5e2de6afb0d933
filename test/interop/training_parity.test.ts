/** Training in reference numerics against torch + transformers, live on this machine: every bit must agree. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { getRngState, runtimeInfo, setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { randomBatch } from "./batches.ts";
import { bitsOf, differingParameters } from "./bits.ts";
import { runPython } from "./python_process.ts";

const labels = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"];
const vocabSize = 120;
const steps = 10;
const weightDecay = 0.01;
const maxGradNorm = 1.0;
const learningRates = Array.from({ length: steps }, (_, step) => 1e-3 * (1 - step / steps));

interface Training {
  /** float32 bits as hexadecimal. */
  losses: string[];
  norms: string[];
  names: string[];
  rngState: string;
}

let folder: string;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = (await runtimeInfo()).threads;
});
afterAll(() => setNumThreads(threadsBefore));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torchner-interop-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const padded = [
  randomBatch({ lengths: [12, 30, 17, 49, 8, 21, 12, 41], vocabSize, labels: labels.length, seed: 1 }),
  randomBatch({ lengths: [5, 3, 9], vocabSize, labels: labels.length, seed: 2 }),
];
// Without padding transformers drops the mask, and torch takes another attention kernel.
const unpadded = [
  randomBatch({ lengths: [16, 16, 16, 16], vocabSize, labels: labels.length, seed: 3 }),
  randomBatch({ lengths: [7], vocabSize, labels: labels.length, seed: 4 }),
];
const mixed = [padded[0]!, unpadded[0]!];

describe.each(["bert", "distilbert"])("ten steps of a tiny %s with dropout", (kind) => {
  test.each([
    ["padded batches", 1, padded],
    ["padded batches", 2, padded],
    ["batches without padding", 1, unpadded],
    ["batches without padding", 2, unpadded],
    ["padded and unpadded batches in turn", 2, mixed],
  ])(
    "%s, %i thread(s): the bits of Python",
    async (_, threads, batches) => {
      const theirs = await runPython<Training>("train_steps.py", {
        kind,
        threads,
        labels,
        vocabSize,
        batches: batches.map(listed),
        learningRates,
        weightDecay,
        maxGradNorm,
        folder,
      });
      const ours = await trainHere(threads, batches);
      expect(ours.losses).toEqual(theirs.losses);
      expect(ours.norms).toEqual(theirs.norms);
      expect(ours.names).toEqual(theirs.names);
      expect(ours.differing).toEqual([]);
      expect(ours.rngState).toBe(theirs.rngState);
    },
    120_000,
  );
});

async function trainHere(threads: number, batches: readonly Batch[]) {
  await setNumThreads(threads);
  using model = await AutoModelForTokenClassification.fromPretrained(join(folder, "start"), {
    numerics: "reference",
  });
  using optimizer = new AdamW(model.train(), { weightDecay });
  await setSeed(42);
  const losses: string[] = [];
  const norms: string[] = [];
  for (const [step, lr] of learningRates.entries()) {
    using out = await model.forward(batches[step % batches.length]!);
    await out.loss!.backward();
    using norm = await optimizer.clipGradNorm(maxGradNorm);
    optimizer.lr = lr;
    await optimizer.step();
    await optimizer.zeroGrad();
    losses.push(await bitsOf(out.loss!));
    norms.push(await bitsOf(norm));
  }
  const names = model.parameterNames();
  const rngState = Buffer.from(await getRngState()).toString("hex");
  const differing = await differingParameters(model, join(folder, "end.safetensors"));
  return { losses, norms, names, differing, rngState };
}

/** A batch as JSON carries it. */
function listed(batch: Batch) {
  return Object.fromEntries(Object.entries(batch).map(([name, values]) => [name, [...values]]));
}
