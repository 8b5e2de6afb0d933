import { DataLoader, type DataLoaderOptions } from "../../../lib/data/data_loader.ts";
import { Dataset } from "../../../lib/data/dataset.ts";
import { randomOrder } from "../../../lib/data/generator.ts";
import type { Batch } from "../../../lib/data/types.ts";

const numbers = new Dataset(Array.from({ length: 10 }, (_, i) => i));
/** A batch whose ids are the examples themselves. */
const collator = {
  collate: (examples: readonly number[]): Batch => {
    const inputIds = Int32Array.from(examples);
    return { shape: [examples.length, 1], inputIds, attentionMask: inputIds, tokenTypeIds: inputIds };
  },
};
const loader = (options: Partial<DataLoaderOptions<number>> = {}) =>
  new DataLoader<number>(numbers, { batchSize: 4, collator, ...options });

async function pass(batches: AsyncIterable<Batch>): Promise<number[][]> {
  const seen: number[][] = [];
  for await (const { inputIds } of batches) seen.push([...inputIds]);
  return seen;
}

test("without shuffling, batches follow the dataset, pass after pass", async () => {
  const plain = loader();
  expect(plain).toHaveLength(3);
  const expected = [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ];
  expect(await pass(plain)).toEqual(expected);
  expect(await pass(plain)).toEqual(expected);
});

test("dropLast leaves out the batch that is not full", async () => {
  const full = loader({ dropLast: true });
  expect(full).toHaveLength(2);
  expect((await pass(full)).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await pass(loader({ dropLast: true, batchSize: 11 }))).toEqual([]);
});

test("epoch e has the order of seed + e, and a full pass moves on by itself", async () => {
  const shuffled = loader({ shuffle: true, seed: 42 });
  for (const epoch of [0, 1, 2])
    expect((await pass(shuffled)).flat()).toEqual([...randomOrder(10, 42 + epoch)]);
  shuffled.setEpoch(1);
  expect((await pass(shuffled)).flat()).toEqual([...randomOrder(10, 43)]);
});

test("a pass that was left early begins anew in the same order", async () => {
  const shuffled = loader({ shuffle: true });
  for await (const { inputIds } of shuffled) {
    expect([...inputIds]).toEqual([...randomOrder(10, 42)].slice(0, 4));
    break;
  }
  expect((await pass(shuffled)).flat()).toEqual([...randomOrder(10, 42)]);
});

test("an array is a dataset too, and an empty one gives no batch", async () => {
  expect(await pass(new DataLoader([5, 6], { collator }))).toEqual([[5, 6]]);
  expect(await pass(new DataLoader<number>([], { collator, shuffle: true }))).toEqual([]);
});

test.each([
  ["a batch size of zero", { batchSize: 0 }, /batchSize is 0/],
  ["a fraction of a seed", { seed: 1.5 }, /seed is 1.5/],
  ["shuffle as a text", { shuffle: "false" }, /shuffle is the text "false"/],
  ["no collator", { collator: undefined }, /needs a collator/],
  ["a misspelt option", { batchsize: 3 }, /no option batchsize; did you mean batchSize\?/],
])("refuses %s", (_, options, message) => {
  expect(() => loader(options as never)).toThrow(message);
  expect(() => loader(options as never)).toThrow(expect.objectContaining({ code: "EARG" }));
});

test("refuses what is no dataset, and an epoch that is no number", () => {
  expect(() => new DataLoader(undefined as never, { collator })).toThrow(/takes a Dataset, not nothing/);
  expect(() => loader().setEpoch(-1)).toThrow(/the epoch is -1/);
});

test("a sampler gives each epoch its order, asked for when the pass begins", async () => {
  const epochs: number[] = [];
  const sampled = loader({
    sampler: async (epoch) => {
      epochs.push(epoch);
      return Int32Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    },
  });
  expect((await pass(sampled)).flat()).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  await pass(sampled);
  expect(epochs).toEqual([0, 1]);
  expect(() => loader({ sampler: () => new Int32Array(), shuffle: true })).toThrow(/sampler must be/);
});

test("a pass can begin in the middle, with the batches that a whole one has there", async () => {
  const whole = await pass(loader({ shuffle: true }));
  for (const skipped of [0, 1, 2, 3]) {
    expect(await pass(loader({ shuffle: true }).batchesFrom(skipped))).toEqual(whole.slice(skipped));
  }
});
