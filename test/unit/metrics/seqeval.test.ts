import fc from "fast-check";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";
import { seqeval } from "../../../lib/metrics/seqeval.ts";
import { padded } from "./padded.ts";

const labels = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"];
const ids = (...values: number[]) => Int32Array.from(values);

test("positions with label id -100 are left out, whatever was predicted there", () => {
  const metrics = seqeval(labels)({
    labelIds: ids(-100, 1, 3, -100, -100, 4, -100, -100),
    predictions: ids(0, 1, 3, 2, 99, 4, -100, 1),
    shape: [2, 4],
  });
  expect(metrics).toEqual({ precision: 1, recall: 1, f1: 1, accuracy: 1 });
});

test("a left-out position does not cut an entity in two", () => {
  // B-PER, a continuation piece, I-PER against the same: one entity, as in the word sequence.
  const metrics = seqeval(labels, { returnEntityLevelMetrics: true })({
    labelIds: ids(1, -100, 3),
    predictions: ids(1, 4, 3),
    shape: [1, 3],
  });
  expect(metrics.PER_number).toBe(1);
  expect(metrics.f1).toBe(1);
});

test("entity-level metrics add four keys per type", () => {
  const metrics = seqeval(labels, { returnEntityLevelMetrics: true })({
    labelIds: ids(0, 1),
    predictions: ids(0, 4),
    shape: [2, 1],
  });
  expect(metrics).toEqual({
    precision: 1,
    recall: 0.5,
    f1: 2 / 3,
    accuracy: 0.5,
    LOC_precision: 1,
    LOC_recall: 1,
    LOC_f1: 1,
    LOC_number: 1,
    PER_precision: 0,
    PER_recall: 0,
    PER_f1: 0,
    PER_number: 1,
  });
});

test("logits count by their largest value, the first of equal ones", () => {
  const metrics = seqeval(["O", "B-PER"])({
    labelIds: ids(1, 0, -100),
    predictions: Float32Array.of(-1, 2.5, 0.5, 0.5, 0, 9),
    shape: [1, 3, 2],
  });
  expect(metrics).toEqual({ precision: 1, recall: 1, f1: 1, accuracy: 1 });
});

test("in pieces it gives the same, and yields the oftener the more there is to count", () => {
  const width = 512;
  const yields = [1, 1000].map((sentences) => {
    const labelIds = Int32Array.from({ length: sentences * width }, (_value, at) => (at * 7) % 5);
    const prediction = {
      labelIds,
      predictions: labelIds.map((id) => (id * 3) % 5),
      shape: [sentences, width],
    };
    const metric = seqeval(labels);
    const pieces = metric.inPieces!(prediction);
    let count = 0;
    let piece = pieces.next();
    for (; !piece.done; piece = pieces.next()) count++;
    expect(piece.value).toEqual(metric(prediction));
    return count;
  });
  expect(yields[1]).toBeGreaterThan(yields[0]! + 5);
});

test("an empty batch gives zeros", () => {
  expect(seqeval(labels)({ labelIds: ids(), predictions: ids(), shape: [0, 0] })).toEqual({
    precision: 0,
    recall: 0,
    f1: 0,
    accuracy: 0,
  });
});

test("padded label ids score as the tag sequences they stand for", () => {
  const sentence = fc.array(fc.tuple(fc.constantFrom(...labels), fc.constantFrom(...labels)), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(sentence, { minLength: 1, maxLength: 5 }), (pairs) => {
      fc.pre(pairs.flat().length > 0);
      const gold = pairs.map((one) => one.map(([tag]) => tag));
      const predicted = pairs.map((one) => one.map(([, tag]) => tag));
      const batch = padded(gold, predicted);
      const scores = evaluateEntities(gold, predicted);
      expect(seqeval(batch.labels)(batch.prediction)).toEqual({
        precision: scores.overall_precision,
        recall: scores.overall_recall,
        f1: scores.overall_f1,
        accuracy: scores.overall_accuracy,
      });
    }),
  );
});

describe("input that does not fit", () => {
  const metric = seqeval(labels);

  test.each([
    ["labelIds", { labelIds: ids(4, 7), predictions: ids(4, 4), shape: [1, 2] }],
    ["predictions", { labelIds: ids(4, 4), predictions: ids(4, -100), shape: [1, 2] }],
  ])("an id without a label in %s is named with its place", (name, prediction) => {
    expect(() => metric(prediction)).toThrow(
      expect.objectContaining({
        code: "EARG",
        message: expect.stringContaining(`${name}: sentence 1, position 2`),
      }),
    );
  });

  test.each([
    ["a shape of other size", { labelIds: ids(4, 4), predictions: ids(4, 4), shape: [1, 3] }],
    ["logits for other labels", { labelIds: ids(4), predictions: new Float32Array(3), shape: [1, 1, 3] }],
    ["no arrays", { labelIds: [4] as never, predictions: [4] as never, shape: [1, 1] }],
    ["no shape", { labelIds: ids(4), predictions: ids(4) } as never],
  ])("%s is refused", (_, prediction) => {
    expect(() => metric(prediction)).toThrow(expect.objectContaining({ code: "EARG" }));
  });

  test.each([[undefined], [[]], [["O", ""]], [["O", 1]], ["O"]])("labels %p are refused", (value) => {
    expect(() => seqeval(value as never)).toThrow(expect.objectContaining({ code: "EARG" }));
  });
});
