import { pairedBootstrap } from "../../../lib/metrics/bootstrap.ts";

const right = { correct: 1, predicted: 1, gold: 1 };
const wrong = { correct: 0, predicted: 1, gold: 1 };
/** `good` sentences of 100 are right. */
const system = (good: number) => Array.from({ length: 100 }, (_, i) => (i < good ? right : wrong));

test("a system does not differ from itself", () => {
  expect(pairedBootstrap(system(60), system(60), { samples: 200 })).toEqual({
    ...{ difference: 0, low: 0, high: 0, pValue: 1, samples: 200 },
  });
});

test("a large difference is significant, a small one is not, and the sign says who is better", () => {
  const large = pairedBootstrap(system(50), system(80), { samples: 2000 });
  expect(large.difference).toBeCloseTo(0.3, 12);
  expect(large.low).toBeGreaterThan(0.2);
  expect(large.high).toBeLessThan(0.4);
  expect(large.pValue).toBe(1 / 2001);
  const small = pairedBootstrap(system(51), system(50), { samples: 2000 });
  expect(small.difference).toBeCloseTo(-0.01, 12);
  expect(small.pValue).toBeGreaterThan(0.3);
});

test("about 95 % of the resampled differences lie between low and high: as the normal approximation has it", () => {
  // 30 of 100 sentences differ by 1: the standard error of the mean difference is sqrt(0.3 * 0.7 / 100).
  const { low, high } = pairedBootstrap(system(50), system(80), { samples: 20_000 });
  const error = Math.sqrt((0.3 * 0.7) / 100);
  expect(low).toBeCloseTo(0.3 - 1.96 * error, 1.5);
  expect(high).toBeCloseTo(0.3 + 1.96 * error, 1.5);
});

test("the same seed gives the same figures", () => {
  const once = () => pairedBootstrap(system(50), system(55), { samples: 500, seed: 7 });
  expect(once()).toEqual(once());
  expect(once()).not.toEqual(pairedBootstrap(system(50), system(55), { samples: 500, seed: 8 }));
});

test("other sentences are refused", () => {
  expect(() => pairedBootstrap(system(1), system(1).slice(1))).toThrow(
    /the same sentences twice, not 100 and 99/,
  );
});
