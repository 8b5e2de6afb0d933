/** Training in reference numerics against torch + transformers, live on this machine: every bit must agree. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "../../lib/data/types.ts";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { getRngState, runtimeInfo, setNumThreads, setSeed } from "../../lib/model/runtime.ts";
import type { Tensor } from "../../lib/model/tensor.ts";
import { AdamW } from "../../lib/optim/adamw.ts";
import { floats, readSafetensors } from "../support/safetensors.ts";
import { randomBatch } from "./batches.ts";
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
      expect(differingParameters(ours.parameters)).toEqual([]);
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
    losses.push(await bits(out.loss!));
    norms.push(await bits(norm));
  }
  const names = model.parameterNames();
  const parameters = new Map<string, Float32Array>();
  for (const name of names) {
    using parameter = await model.getParameter(name);
    parameters.set(name, (await parameter.toTypedArray()) as Float32Array);
  }
  return { losses, norms, names, parameters, rngState: Buffer.from(await getRngState()).toString("hex") };
}

/** Parameters with another bit than Python's, and how many elements of each differ. */
function differingParameters(ours: ReadonlyMap<string, Float32Array>): string[] {
  const theirs = readSafetensors(join(folder, "end.safetensors"));
  return [...ours].flatMap(([name, values]) => {
    const mine = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const other = new Uint32Array(floats(theirs.get(name)!).buffer);
    if (mine.length !== other.length) return [`${name}: ${mine.length} elements, not ${other.length}`];
    const count = mine.reduce((sum, word, i) => sum + (word === other[i] ? 0 : 1), 0);
    return count === 0 ? [] : [`${name}: ${count} of ${mine.length} elements`];
  });
}

async function bits(scalar: Tensor): Promise<string> {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, await scalar.item());
  return word.getUint32(0).toString(16).padStart(8, "0");
}

/** A batch as JSON carries it. */
function listed(batch: Batch) {
  return Object.fromEntries(Object.entries(batch).map(([name, values]) => [name, [...values]]));
}
