import fc from "fast-check";
import { tagSequences } from "../../../lib/metrics/tag_sequences.ts";
import { padded } from "./padded.ts";

const tag = fc.constantFrom("B-LOC", "B-PER", "I-LOC", "I-PER", "O");

test("padded label ids become the tag sequences they stand for", () => {
  const sentence = fc.array(fc.tuple(tag, tag), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(sentence, { maxLength: 5 }), (pairs) => {
      fc.pre(pairs.flat().length > 0);
      const gold = pairs.map((one) => one.map(([right]) => right));
      const predicted = pairs.map((one) => one.map(([, found]) => found));
      const { prediction, labels } = padded(gold, predicted);
      expect(tagSequences(prediction, labels)).toEqual({ gold, predicted });
    }),
  );
});

test("logits stand for the label of their largest value", () => {
  const prediction = {
    labelIds: Int32Array.of(1, 0),
    predictions: Float32Array.of(-1, 2.5, 3, 0.5),
    shape: [1, 2, 2],
  };
  expect(tagSequences(prediction, ["O", "B-PER"])).toEqual({
    gold: [["B-PER", "O"]],
    predicted: [["B-PER", "O"]],
  });
});

test.each([[undefined], [[]], [["O", ""]]])("labels %p are refused", (labels) => {
  const { prediction } = padded([["O"]], [["O"]]);
  expect(() => tagSequences(prediction, labels as never)).toThrow(expect.objectContaining({ code: "EARG" }));
});

test("an id outside of the labels is named with its place", () => {
  const prediction = { labelIds: Int32Array.of(0), predictions: Int32Array.of(3), shape: [1, 1] };
  expect(() => tagSequences(prediction, ["O"])).toThrow(/predictions: sentence 1, position 1 has id 3/);
});
