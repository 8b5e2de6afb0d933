import fc from "fast-check";
import { argmaxRow, softmaxRow } from "../../../lib/pipeline/logits.ts";

test("probabilities add up to one and keep the logits' order", () => {
  const logit = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e4, max: 1e4 });
  fc.assert(
    fc.property(fc.array(logit, { minLength: 1, maxLength: 40 }), (values) => {
      const row = Float32Array.from(values);
      const probabilities = softmaxRow(row, 0, row.length);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(probabilities[argmaxRow(row, 0, row.length)]).toBe(Math.max(...probabilities));
    }),
  );
});

test("large logits do not overflow, and a row is found by its number", () => {
  const logits = Float32Array.of(0, 0, 3e38, 3e38);
  expect([...softmaxRow(logits, 1, 2)]).toEqual([0.5, 0.5]);
  expect(argmaxRow(Float32Array.of(9, 0, 1, 2), 1, 2)).toBe(1);
});

test("the first of equal logits wins", () => {
  expect(argmaxRow(Float32Array.of(1, 2, 2), 0, 3)).toBe(1);
});

test.each([[[NaN, 1]], [[1, NaN]], [[Infinity, 1]], [[-Infinity, -Infinity]]])("%p has no softmax", (row) => {
  expect(() => softmaxRow(Float32Array.from(row), 0, 2)).toThrow(
    expect.objectContaining({ code: "ENONFINITE" }),
  );
});

test("a row with a NaN has no largest logit", () => {
  expect(() => argmaxRow(Float32Array.of(5, NaN), 0, 2)).toThrow(
    expect.objectContaining({ code: "ENONFINITE" }),
  );
});
