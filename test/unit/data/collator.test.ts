import fc from "fast-check";
import { DataCollatorForTokenClassification } from "../../../lib/data/collator.ts";
import type { EncodedExample } from "../../../lib/data/types.ts";

const tokenizer = { padTokenId: 9, padTokenTypeId: 3 };

function example(ids: number[]): EncodedExample {
  const array = Int32Array.from(ids);
  return {
    inputIds: array,
    tokenTypeIds: array.map(() => 1),
    attentionMask: array.map(() => 1),
    labels: array.map((id) => id + 1000),
    wordIds: array,
    wordLabels: array,
  };
}

test("a batch is as wide as its longest example, and padded on the right", () => {
  const batch = new DataCollatorForTokenClassification(tokenizer).collate([example([1, 2, 3]), example([4])]);
  expect(batch).toEqual({
    shape: [2, 3],
    inputIds: Int32Array.of(1, 2, 3, 4, 9, 9),
    attentionMask: Int32Array.of(1, 1, 1, 1, 0, 0),
    tokenTypeIds: Int32Array.of(1, 1, 1, 1, 3, 3),
    labels: Int32Array.of(1001, 1002, 1003, 1004, -100, -100),
  });
});

test.each([
  [{ padToMultipleOf: 8 }, 8],
  [{ padToMultipleOf: 3 }, 3],
  [{ maxLength: 5 }, 5],
  [{ maxLength: 5, padToMultipleOf: 4 }, 8],
])("%j makes three pieces %i wide", (options, width) => {
  expect(
    new DataCollatorForTokenClassification(tokenizer, options).collate([example([1, 2, 3])]).shape,
  ).toEqual([1, width]);
});

test("every row of a batch is its example and then padding", () => {
  const rows = fc.array(fc.array(fc.nat(8), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 9 }), (ids, padToMultipleOf) => {
      const { shape, inputIds, attentionMask, labels } = new DataCollatorForTokenClassification(tokenizer, {
        padToMultipleOf,
      }).collate(ids.map(example));
      const width = shape[1];
      expect(width % padToMultipleOf).toBe(0);
      expect(width - Math.max(...ids.map((row) => row.length))).toBeLessThan(padToMultipleOf);
      for (const [r, row] of ids.entries()) {
        const rest = Array<number>(width - row.length);
        const slice = (array: Int32Array) => [...array.subarray(r * width, (r + 1) * width)];
        expect(slice(inputIds)).toEqual([...row, ...rest.fill(9)]);
        expect(slice(attentionMask)).toEqual([...row.map(() => 1), ...rest.fill(0)]);
        expect(slice(labels!)).toEqual([...row.map((id) => id + 1000), ...rest.fill(-100)]);
      }
    }),
  );
});

test("a tokenizer without a padding token serves batches that need no padding", () => {
  const collator = new DataCollatorForTokenClassification({ padTokenId: undefined, padTokenTypeId: 0 });
  expect([...collator.collate([example([1, 2]), example([3, 4])]).inputIds]).toEqual([1, 2, 3, 4]);
  expect(() => collator.collate([example([1, 2]), example([3])])).toThrow(/no padding token/);
});

test.each([
  ["no example", [], /needs at least one encoded example/],
  ["what is no array", "x", /needs at least one encoded example, not the text "x"/],
  [
    "an example that is not encoded",
    [example([1]), { tokens: ["a"] }],
    /encoded example 1: inputIds is not an Int32Array/,
  ],
  [
    "arrays of unequal length",
    [{ ...example([1, 2]), labels: Int32Array.of(1) }],
    /encoded example 0: labels is not an Int32Array of 2/,
  ],
  ["a plain array", [{ ...example([1]), labels: [1] }], /encoded example 0: labels is not/],
  [
    "an example over the fixed width",
    [example([1, 2, 3, 4, 5])],
    /has 5 pieces, over the collator's maxLength 4/,
  ],
])("refuses %s", (_, examples, message) => {
  const collate = () =>
    new DataCollatorForTokenClassification(tokenizer, { maxLength: 4 }).collate(examples as never);
  expect(collate).toThrow(message);
  expect(collate).toThrow(expect.objectContaining({ code: "EARG" }));
});

test("refuses what is no tokenizer, and options it does not know", () => {
  expect(() => new DataCollatorForTokenClassification("bert" as never)).toThrow(/takes a tokenizer/);
  expect(() => new DataCollatorForTokenClassification(tokenizer, { maxlength: 3 } as never)).toThrow(
    /did you mean maxLength\?/,
  );
  expect(() => new DataCollatorForTokenClassification(tokenizer, { padToMultipleOf: 0 })).toThrow(
    /padToMultipleOf is 0/,
  );
});
