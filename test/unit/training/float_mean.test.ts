import { readFileSync } from "node:fs";
import { float32Mean } from "../../../lib/training/float_mean.ts";

const fixture = new URL("../../fixtures/training/float_means.json", import.meta.url);
const golden: Record<string, number> = JSON.parse(readFileSync(fixture, "utf8"));

/** The generator of make_float_means.py; BigInt because the product leaves the safe integers. */
function sequence(n: number): Float32Array {
  let x = 12345n;
  return Float32Array.from({ length: n }, () => {
    x = (1103515245n * x + 12345n) % 2147483648n;
    return 3 * (Number(x) / 2147483648);
  });
}

test.each(Object.entries(golden))("the mean of %s values has numpy's bits", (n, mean) => {
  expect(float32Mean(sequence(Number(n)))).toBe(mean);
});

test("adding in another order would not have them", () => {
  const values = sequence(14041);
  const naive = Math.fround(values.reduce((sum, value) => Math.fround(sum + value), 0) / values.length);
  expect(naive).not.toBe(golden["14041"]);
});
