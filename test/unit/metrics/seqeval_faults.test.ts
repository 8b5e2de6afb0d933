/** Faults of seqeval 1.2.2, each with what is done here instead. */
import { f1Score } from "../../../lib/metrics/average_scores.ts";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";
import { classificationReport } from "../../../lib/metrics/report.ts";

const outside = [["O", "O"], ["O"]];

test("its text report fails without any entity, and its macro average is NaN: here they are zeros", () => {
  expect(classificationReport(outside, outside)).toMatch(/macro avg +0\.00 +0\.00 +0\.00 +0\n/);
  expect(f1Score(outside, outside, { average: "macro" })).toBe(0);
  expect(f1Score(outside, outside, { average: "macro", zeroDivision: 1 })).toBe(1);
});

test("it takes sample_weight and leaves it unused: here a sentence counts by its weight", () => {
  const gold = [["B-PER", "O"], ["B-PER"]];
  const predicted = [["B-PER", "O"], ["O"]];
  const scores = evaluateEntities(gold, predicted, { sampleWeight: [3, 1] });
  expect(scores.types.PER).toEqual({ precision: 1, recall: 3 / 4, f1: 6 / 7, number: 4 });
  expect(scores.overall_accuracy).toBe(6 / 7);
  expect(evaluateEntities(gold, predicted, { sampleWeight: [2, 2] }).overall_f1).toBe(
    evaluateEntities(gold, predicted).overall_f1,
  );
});

test("it takes the first letter of a tag without a prefix for one: here such a tag is inside of that type", () => {
  const tags = [["ORG", "ORG", "O", "PER", "creative-work"]];
  const { types } = evaluateEntities(tags, tags);
  expect(Object.keys(types)).toEqual(["ORG", "PER", "creative-work"]);
  expect(types.ORG!.number).toBe(1);
  expect(evaluateEntities([["PER-B", "PER"]], [["PER-B", "PER"]], { suffix: true }).types.PER!.number).toBe(
    1,
  );
});

test("it raises an error for a predicted prefix outside of the scheme: here it closes what stands before it", () => {
  const gold = [["B-PER", "I-PER", "O"]];
  const scores = evaluateEntities(gold, [["B-PER", "I-PER", "S-PER"]], { mode: "strict", scheme: "IOB2" });
  expect([scores.overall_precision, scores.overall_recall]).toEqual([1, 1]);
});

test("its f1_score(mode='strict') without a scheme is the lenient one: here the scheme is told from gold", () => {
  const gold = [["B-PER", "I-PER", "O"]];
  const predicted = [["I-PER", "I-PER", "O"]];
  expect(f1Score(gold, predicted)).toBe(1);
  expect(f1Score(gold, predicted, { mode: "strict" })).toBe(0);
});

test("it cannot tell the scheme of gold without any entity: here that of what is predicted is taken", () => {
  expect(evaluateEntities(outside, [["B-PER", "O"], ["O"]], { mode: "strict" }).overall_precision).toBe(0);
  expect(evaluateEntities(outside, outside, { mode: "strict" }).overall_accuracy).toBe(1);
});
