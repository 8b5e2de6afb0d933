import fc from "fast-check";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";
import { seqeval } from "../../../lib/metrics/seqeval.ts";
import { BORDER, defaultSpans } from "../../../lib/metrics/spans.ts";
import { tagTable } from "../../../lib/metrics/tags.ts";
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

test.each([false, true])("many rows in pieces give what their tags give (logits: %s)", (asLogits) => {
  const [sentences, width] = [1000, 200];
  const labelIds = Int32Array.from({ length: sentences * width }, (_value, at) =>
    at % width > 3 + (at % 11) ? -100 : (at * 7) % 5,
  );
  const predicted = labelIds.map((id, at) => (id < 0 || at % 3 > 0 ? Math.max(id, 0) : (id + at) % 5));
  const tagsOf = (values: Int32Array) =>
    Array.from({ length: sentences }, (_value, row) =>
      [...values.subarray(row * width, (row + 1) * width)]
        .filter((_id, column) => labelIds[row * width + column] !== -100)
        .map((id) => labels[id]!),
    );
  const logits = () =>
    Float32Array.from(
      { length: predicted.length * 5 },
      (_v, at) => +(predicted[Math.trunc(at / 5)] === at % 5),
    );
  const prediction = asLogits
    ? { labelIds, predictions: logits(), shape: [sentences, width, 5] }
    : { labelIds, predictions: predicted, shape: [sentences, width] };
  const pieces = seqeval(labels).inPieces!(prediction);
  let yields = 0;
  let piece = pieces.next();
  for (; !piece.done; piece = pieces.next()) yields++;
  const scores = evaluateEntities(tagsOf(labelIds), tagsOf(predicted));
  expect(scores.overall_f1).toBeGreaterThan(0.1);
  expect(piece.value).toEqual({
    ...{ precision: scores.overall_precision, recall: scores.overall_recall },
    ...{ f1: scores.overall_f1, accuracy: scores.overall_accuracy },
  });
  expect(yields).toBeGreaterThan(asLogits ? 16 : 6);
});

test.each([NaN, 1.5, -1, 5, 2 ** 32, 2 ** 32 + 1, Infinity])("id %d is none, in the last row too", (id) => {
  const at = (wrong: number) =>
    Float64Array.from({ length: 900 * 100 }, (_value, i) => (i === 89_950 ? wrong : 4));
  const score = (gold: Float64Array, predicted: Float64Array) => () =>
    seqeval(labels)({ labelIds: gold, predictions: predicted, shape: [900, 100] } as never);
  expect(score(at(id), at(4))).toThrow(/labelIds: sentence 900, position 51 has id/);
  expect(score(at(4), at(id))).toThrow(/predictions: sentence 900, position 51 has id/);
  expect(score(at(-0), at(-0))).not.toThrow();
});

test("a shape of four dimensions is refused", () => {
  const labelIds = ids(1, 1);
  expect(() => seqeval(labels)({ labelIds, predictions: ids(1, 1), shape: [2, 1, 1, 1] })).toThrow(/shape/);
});

test("tags that stand several times in a row read as they do one by one", () => {
  const kinds = ["O", "B", "I", "E", "S", "L", "U", "X", "."].flatMap((p) =>
    p === "O" ? [p] : [`${p}-A`, `${p}-B`, p],
  );
  const run = fc.record({ tag: fc.constantFrom(...kinds), times: fc.integer({ min: 1, max: 4 }) });
  const sentence = fc
    .array(run, { maxLength: 6 })
    .map((runs) => runs.flatMap(({ tag, times }) => Array<string>(times).fill(tag)));
  fc.assert(
    fc.property(fc.array(sentence, { maxLength: 4 }), (sentences) => {
      // Each tag has a twin of another id, so that no id stands twice in a row and nothing is passed over.
      const table = tagTable([...kinds, ...kinds]);
      const stream = (twins: boolean) =>
        Int32Array.from(
          sentences.flatMap((tags) => [
            ...tags.map((tag, at) => kinds.indexOf(tag) + (twins && at % 2 === 1 ? kinds.length : 0)),
            BORDER,
          ]),
        );
      const read = (values: Int32Array) => {
        const { count, starts, ends, typeIds } = defaultSpans(values, table);
        return Array.from({ length: count }, (_value, i) => [starts[i], ends[i], typeIds[i]]);
      };
      expect(read(stream(false))).toEqual(read(stream(true)));
    }),
    { numRuns: 500 },
  );
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
