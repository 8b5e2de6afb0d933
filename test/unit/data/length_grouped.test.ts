import fc from "fast-check";
import { randomOrder } from "../../../lib/data/generator.ts";
import { lengthGroupedOrder } from "../../../lib/data/length_grouped.ts";

const identity = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

test("groups are sorted from long to short, ties in the permutation's order, the longest example first", () => {
  // Ten examples in updates of one: groups of min(10 / 4, 50) = 2.
  const lengths = [3, 5, 2, 2, 9, 1, 4, 4, 7, 8];
  const order = lengthGroupedOrder(lengths, 1, identity(10));
  expect([...order]).toEqual([4, 0, 2, 3, 1, 5, 6, 7, 9, 8]);
});

test("fewer examples than four updates are one group of an update each", () => {
  expect([...lengthGroupedOrder([1, 2, 3], 2, identity(3))]).toEqual([2, 0, 1]);
});

test("of equally long examples the first group's stays in front", () => {
  expect([...lengthGroupedOrder([5, 1, 5, 1, 1, 1, 1, 1], 1, identity(8))].slice(0, 4)).toEqual([0, 1, 2, 3]);
});

test("every example comes once, the longest first, and but for the first of each group from long to short", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(),
      (lengths, batchSize, seed) => {
        const count = lengths.length;
        const order = lengthGroupedOrder(lengths, batchSize, randomOrder(count, seed));
        expect([...order].sort((a, b) => a - b)).toEqual([...identity(count)]);
        expect(lengths[order[0]!]).toBe(Math.max(...lengths));
        const group = batchSize * Math.max(1, Math.min(Math.floor(count / (4 * batchSize)), 50));
        const rising = [...order].filter(
          (index, i) => i % group > 1 && lengths[index]! > lengths[order[i - 1]!]!,
        );
        expect(rising).toEqual([]);
      },
    ),
  );
});
