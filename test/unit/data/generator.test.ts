import { createHash } from "node:crypto";
import fc from "fast-check";
import { Mt19937, randomOrder } from "../../../lib/data/generator.ts";

// torch 2.13.0: g = torch.Generator(); g.manual_seed(seed); torch.randperm(n, generator=g).tolist()
test.each([
  [0, [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]],
  [42, [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]],
  [2 ** 31, [6, 7, 3, 0, 9, 2, 5, 1, 8, 4]],
  [2 ** 32 + 5, [1, 4, 9, 6, 3, 5, 0, 2, 8, 7]],
  [-7, [4, 7, 6, 0, 8, 3, 2, 9, 5, 1]],
])("seed %i orders ten items as torch.randperm does", (seed, order) => {
  expect([...randomOrder(10, seed)]).toEqual(order);
});

test.each([
  [0, 1, [0]],
  [0, 2, [0, 1]],
  [0, 3, [2, 0, 1]],
  [42, 3, [0, 2, 1]],
  [2 ** 31, 3, [1, 0, 2]],
  [2 ** 32 + 5, 2, [1, 0]],
])("seed %i, %i items: torch's order", (seed, n, order) => {
  expect([...randomOrder(n, seed)]).toEqual(order);
});

// sha256 of the comma-joined permutation, from the same torch
test.each([
  [0, 1000, "b04be4ee16e8293e113be1250fbeeac6620ab5892ea052c29f0812ef960ab9cb"],
  [0, 14041, "1eef11b49e0f0050cf194ab87653ed81ae72d47a31b9461da3131eb650decf29"],
  [42, 1000, "7f2b21560580e6b84416e6a04019dd2d39eb3ef7fd4b91be7f2e683cf919fa5e"],
  [42, 14041, "59fe62b26acfda403fa7ece8e2617df8d4cb2cd6338ce81ffb5faf872dd30343"],
  [2 ** 31, 14041, "fa888738dc72febd7afb65fb7688307df5a6ac7418a2c4f2b83e33fecd346134"],
])("seed %i, %i items: torch's order to the last", (seed, n, digest) => {
  expect(createHash("sha256").update(randomOrder(n, seed).join(",")).digest("hex")).toBe(digest);
});

test("the generator is the published Mersenne Twister: its 10,000th draw from seed 5489", () => {
  const generator = new Mt19937(5489); // the C++ standard fixes this value for std::mt19937
  let last = 0;
  for (let i = 0; i < 10_000; i++) last = generator.random();
  expect(last).toBe(4123659995);
});

test("every order is a permutation, the same each time", () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.maxSafeInteger(), (n, seed) => {
      const order = randomOrder(n, seed);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(randomOrder(n, seed)).toEqual(order);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["a fraction of a seed", 10, 0.5, /seed is 0.5/],
  ["a seed that is no number", 10, Number.NaN, /seed is NaN/],
  ["a negative length", -1, 0, /n is -1/],
  ["a length from which torch draws otherwise", 214_748_364, 0, /n is 214748364/],
])("refuses %s", (_, n, seed, message) => {
  expect(() => randomOrder(n, seed)).toThrow(expect.objectContaining({ code: "EARG" }));
  expect(() => randomOrder(n, seed)).toThrow(message);
});
