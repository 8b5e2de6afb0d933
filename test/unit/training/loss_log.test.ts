import type { Batch } from "../../../lib/data/types.ts";
import { TorchnerError } from "../../../lib/native/errors.ts";
import type { NativeTensor } from "../../../lib/native/types.ts";
import { LossLog, type LossLogOptions } from "../../../lib/training/loss_log.ts";
import type { Suspect } from "../../../lib/training/non_finite.ts";

let alive = 0;
let reads = 0;
const scalar = (value: number) => {
  alive++;
  return {
    item: async () => {
      reads++;
      return Math.fround(value);
    },
    dispose: () => void alive--,
  } as NativeTensor;
};

const batch = (step: number): Batch => {
  const cells = Int32Array.of(step);
  return { shape: [1, 1], inputIds: cells, attentionMask: cells, tokenTypeIds: cells };
};

let suspect: Suspect | undefined;
const newLog = (options: Omit<LossLogOptions, "lost">) =>
  new LossLog({
    ...options,
    lost: async (found) => {
      suspect = found;
      throw new TorchnerError("ENONFINITE", `lost in step ${found.step}`);
    },
  });

beforeEach(() => {
  alive = 0;
  reads = 0;
});

test("sums in float32 from log to log, and reads nothing before", async () => {
  const log = newLog({ filter: true });
  for (const [step, value] of [0.1, 0.2, 0.7].entries()) await log.add(scalar(value), step, batch(step));
  expect(reads).toBe(0);
  const f = Math.fround;
  expect(await log.take(3)).toEqual({ sum: f(f(f(0.1) + f(0.2)) + f(0.7)), updates: 3 });
  await log.add(scalar(0.5), 3, batch(3));
  expect(await log.take(4)).toEqual({ sum: 0.5, updates: 1 });
  expect(alive).toBe(0);
});

test("a loss that is not finite counts as the mean of those before it", async () => {
  const log = newLog({ filter: true });
  await log.take(10);
  await log.add(scalar(1), 10, batch(10));
  await log.add(scalar(2), 11, batch(11));
  await log.add(scalar(Number.NaN), 12, batch(12)); // transformers divides by updates done, plus one
  expect((await log.take(13)).sum).toBe(4);
});

test("three in a row end the run, the first of them named, and free what is held", async () => {
  const log = newLog({ filter: true });
  await log.add(scalar(1), 0, batch(0));
  for (const step of [1, 2, 3]) await log.add(scalar(Number.POSITIVE_INFINITY), step, batch(step));
  await expect(log.take(4)).rejects.toMatchObject({ code: "ENONFINITE" });
  expect(suspect).toEqual({ what: "loss", value: Number.POSITIVE_INFINITY, step: 2, batches: [batch(1)] });
  expect(alive).toBe(0);
});

test("so do three norms of gradients, though the losses look well", async () => {
  const log = newLog({ filter: true });
  for (const step of [0, 1, 2]) {
    await log.add(scalar(1), step, batch(step));
    await log.addNorm(scalar(Number.POSITIVE_INFINITY), step, [batch(step)]);
  }
  await expect(log.norm()).rejects.toMatchObject({ code: "ENONFINITE" });
  expect(suspect).toMatchObject({ what: "gradient norm", step: 1, batches: [batch(0)] });
  expect(alive).toBe(0);
});

test("a norm that is finite starts their count again", async () => {
  const log = newLog({ filter: true });
  for (const [step, value] of [Number.NaN, Number.NaN, 1, Number.NaN, Number.NaN].entries())
    await log.addNorm(scalar(value), step, [batch(step)]);
  await expect(log.norm()).resolves.toBeNaN();
});

test("of an update whose last batch looks well, the norm names all batches", async () => {
  const log = newLog({ filter: true });
  await log.add(scalar(Number.NaN), 0, batch(10));
  await log.add(scalar(1), 0, batch(11));
  await log.addNorm(scalar(Number.NaN), 0, [batch(10), batch(11)]);
  for (const at of [1, 2, 3]) await log.add(scalar(Number.NaN), 1, batch(at));
  await expect(log.take(4)).rejects.toMatchObject({ code: "ENONFINITE" });
  expect(suspect).toMatchObject({ what: "gradient norm", step: 1, batches: [batch(10), batch(11)] });
});

test("a run that is lost ends some updates later, without a log", async () => {
  const log = newLog({ filter: true });
  let step = 0;
  const going = async () => {
    for (; step < 100; step++) {
      await log.add(scalar(Number.NaN), step, batch(step));
      await log.addNorm(scalar(Number.NaN), step, [batch(step)]);
    }
  };
  await expect(going()).rejects.toMatchObject({ code: "ENONFINITE" });
  expect(step).toBeLessThan(10);
});

test("batches without labels do not count: their loss is 0 / 0 and their gradients are zeros", async () => {
  const log = newLog({ filter: true });
  await log.add(scalar(1), 0, batch(0));
  for (const step of [1, 2, 3]) await log.add(scalar(Number.NaN), step, batch(step), { labelled: false });
  expect((await log.state()).non_finite).toBe(0);
  await expect(log.take(4)).resolves.toMatchObject({ updates: 4 });
});

test("a finite loss between them starts the count again", async () => {
  const log = newLog({ filter: true });
  for (const [step, value] of [Number.NaN, Number.NaN, 1, Number.NaN, Number.NaN].entries()) {
    await log.add(scalar(value), step, batch(step));
  }
  await expect(log.take(5)).resolves.toMatchObject({ updates: 5 });
});

test("without a log, a bounded number of losses is held", async () => {
  const log = newLog({ filter: true });
  for (let step = 0; step < 2000; step++) await log.add(scalar(1), step, batch(step));
  expect(alive).toBeLessThanOrEqual(16);
  expect((await log.take(2000)).sum).toBe(2000);
});

test("disposing frees the losses that nobody read", async () => {
  const log = newLog({ filter: true });
  await log.add(scalar(1), 0, batch(0));
  log.dispose();
  expect(alive).toBe(0);
});

test("without the filter, a NaN reaches the log", async () => {
  const log = newLog({ filter: false });
  await log.add(scalar(1), 0, batch(0));
  await log.add(scalar(Number.NaN), 1, batch(1));
  expect((await log.take(2)).sum).toBeNaN();
});

test("a log that goes on from its state gives the sums and the total of one that never stopped", async () => {
  const values = [0.1, 0.7, Number.NaN, 0.2, 1e-9, 3, 0.4];
  const whole = newLog({ filter: true });
  for (const [step, value] of values.entries()) {
    if (step === 2) await whole.take(2);
    await whole.add(scalar(value), step, batch(step));
  }
  const expected = [await whole.take(values.length), await whole.total()];

  for (const stop of values.keys()) {
    let log = newLog({ filter: true });
    for (const [step, value] of values.entries()) {
      if (step === 2) await log.take(2);
      if (step === stop) log = newLog({ filter: true, start: await log.state() });
      await log.add(scalar(value), step, batch(step));
    }
    expect([await log.take(values.length), await log.total()]).toEqual(expected);
  }
});
