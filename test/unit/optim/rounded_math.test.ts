import fc from "fast-check";
import { cos, pow } from "../../../lib/optim/rounded_math.ts";

/** One unit in the last place of `x`. */
const ulp = (x: number) => 2 ** (Math.floor(Math.log2(Math.abs(x) || 1)) - 52);

test("the cosine is the nearest double, where the engine's is off by one", () => {
  // From glibc, through Python's math.cos.
  expect(cos(0)).toBe(1);
  expect(cos(Math.PI)).toBe(-1);
  expect(cos(1)).toBe(0.5403023058681398);
  expect(cos(-1)).toBe(0.5403023058681398);
  expect(cos(Math.PI / 2)).toBe(6.123233995736766e-17);
  expect(cos(100)).toBe(0.8623188722876839);
});

test("powers are the nearest double; whole ones are exact products", () => {
  expect(pow(0, 2)).toBe(0);
  expect(pow(1, 0.3)).toBe(1);
  expect(pow(0.5, 3)).toBe(0.125);
  expect(pow(2, 0.5)).toBe(Math.SQRT2);
  expect(pow(0.001, 0.25)).toBe(0.1778279410038923);
});

test("small powers have all their bits", () => {
  // From Python's mpmath, at 60 digits.
  expect(pow(0.001, 7.8412376023681984)).toBe(2.9942440339612e-24);
  expect(pow(0.001, 40.5)).toBe(3.162277660168382e-122);
  expect(pow(1.5, 0.5)).toBe(1.224744871391589);
});

test("both lie within a unit of the engine's", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 40, noNaN: true }), (x) => {
      expect(Math.abs(cos(x) - Math.cos(x))).toBeLessThanOrEqual(Math.max(ulp(Math.cos(x)), 2 ** -80));
    }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0.01, max: 8, noNaN: true }),
      (share, exponent) => {
        const expected = (share / 1000) ** exponent;
        expect(Math.abs(pow(share / 1000, exponent) - expected)).toBeLessThanOrEqual(ulp(expected) * 2);
      },
    ),
  );
});
