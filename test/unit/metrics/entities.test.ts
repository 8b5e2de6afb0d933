import fc from "fast-check";
import { evaluateEntities, flattenEntityScores } from "../../../lib/metrics/entities.ts";

const tag = fc.oneof(
  fc.constant("O"),
  fc
    .tuple(fc.constantFrom("B", "I", "E", "S"), fc.constantFrom("PER", "LOC", "a-b"))
    .map(([prefix, type]) => `${prefix}-${type}`),
);
/** Gold and predicted tags of some sentences, pair by pair. */
const sentences = fc.array(fc.array(fc.tuple(tag, tag), { maxLength: 9 }), { maxLength: 6 });

function split(pairs: readonly (readonly (readonly [string, string])[])[]): [string[][], string[][]] {
  return [pairs.map((one) => one.map(([gold]) => gold)), pairs.map((one) => one.map(([, other]) => other))];
}

test("an I- tag with no B- before it opens an entity", () => {
  expect(evaluateEntities([["O", "I-PER", "O"]], [["O", "B-PER", "O"]]).overall_f1).toBe(1);
});

test("an I- tag of another type closes an entity and opens the next", () => {
  const scores = evaluateEntities([["B-PER", "I-LOC"]], [["B-PER", "B-LOC"]]);
  expect(scores.types).toEqual({
    LOC: { precision: 1, recall: 1, f1: 1, number: 1 },
    PER: { precision: 1, recall: 1, f1: 1, number: 1 },
  });
});

test("an entity at a sentence's end does not go on in the next sentence", () => {
  const apart = evaluateEntities([["B-PER"], ["I-PER"]], [["B-PER"], ["I-PER"]]);
  expect(apart.types.PER!.number).toBe(2);
  const together = evaluateEntities([["B-PER", "I-PER"]], [["B-PER", "I-PER"]]);
  expect(together.types.PER!.number).toBe(1);
});

test("an entity counts only with both borders and its type right", () => {
  const gold = [["B-PER", "I-PER", "O"]];
  for (const wrong of [
    ["B-PER", "O", "O"],
    ["B-PER", "I-PER", "I-PER"],
    ["B-LOC", "I-LOC", "O"],
  ]) {
    expect(evaluateEntities(gold, [wrong]).overall_f1).toBe(0);
  }
});

test("precision, recall and support come from entities, accuracy from tokens", () => {
  const gold = [["B-PER", "I-PER", "O", "B-LOC"], ["O"]];
  const predicted = [["B-PER", "I-PER", "B-LOC", "B-LOC"], ["B-LOC"]];
  expect(evaluateEntities(gold, predicted)).toEqual({
    overall_precision: 2 / 4,
    overall_recall: 1,
    overall_f1: 2 / 3,
    overall_accuracy: 3 / 5,
    types: {
      LOC: { precision: 1 / 3, recall: 1, f1: 1 / 2, number: 1 },
      PER: { precision: 1, recall: 1, f1: 1, number: 1 },
    },
  });
});

test("sentences without any entity give zeros and a full accuracy", () => {
  expect(evaluateEntities([["O", "O"], []], [["O", "O"], []])).toEqual({
    overall_precision: 0,
    overall_recall: 0,
    overall_f1: 0,
    overall_accuracy: 1,
    types: {},
  });
});

test("a type named like a property of objects is a type like any other", () => {
  const { types } = evaluateEntities([["B-__proto__", "B-constructor"]], [["B-__proto__", "O"]]);
  expect(Object.keys(types)).toEqual(["__proto__", "constructor"]);
});

test("a tag's first character may take two UTF-16 units", () => {
  // seqeval names the first entity `_`, as it does after any prefix that it does not know.
  const tags = [["🦜", "🦜-ORG"]];
  expect(Object.keys(evaluateEntities(tags, tags).types)).toEqual(["ORG", "_"]);
});

test("the flat form holds the types beside the overall figures", () => {
  const scores = evaluateEntities([["B-PER"]], [["B-PER"]]);
  expect(flattenEntityScores(scores)).toEqual({
    PER: { precision: 1, recall: 1, f1: 1, number: 1 },
    overall_precision: 1,
    overall_recall: 1,
    overall_f1: 1,
    overall_accuracy: 1,
  });
});

test("a perfect prediction scores 1 wherever there is an entity", () => {
  fc.assert(
    fc.property(sentences, (pairs) => {
      const [gold] = split(pairs);
      const scores = evaluateEntities(gold, gold);
      const entities = gold.flat().some((one) => one !== "O");
      expect(scores.overall_f1).toBe(entities ? 1 : 0);
      expect(scores.overall_accuracy).toBe(gold.flat().length > 0 ? 1 : 0);
      for (const type of Object.values(scores.types)) expect(type.f1).toBe(1);
    }),
  );
});

test("the order of sentences does not change the scores", () => {
  fc.assert(
    fc.property(sentences, fc.infiniteStream(fc.nat()), (pairs, draws) => {
      const shuffled = pairs
        .map((one) => ({ one, key: draws.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      expect(evaluateEntities(...split(shuffled))).toEqual(evaluateEntities(...split(pairs)));
    }),
  );
});

test("swapping gold and predicted swaps precision and recall", () => {
  fc.assert(
    fc.property(sentences, (pairs) => {
      const [gold, predicted] = split(pairs);
      const there = evaluateEntities(gold, predicted);
      const back = evaluateEntities(predicted, gold);
      expect(back.overall_precision).toBe(there.overall_recall);
      expect(back.overall_recall).toBe(there.overall_precision);
      expect(back.overall_f1).toBeCloseTo(there.overall_f1, 14);
      expect(back.overall_accuracy).toBe(there.overall_accuracy);
    }),
  );
});

describe("input that does not fit is named by its sentence", () => {
  test("another number of tags", () => {
    expect(() => evaluateEntities([["O"], ["O", "O"]], [["O"], ["O"]])).toThrow(
      expect.objectContaining({
        code: "EDATA",
        message: expect.stringContaining("sentence 2: 2 gold tags but 1"),
      }),
    );
  });

  test("another number of sentences", () => {
    expect(() => evaluateEntities([["O"]], [])).toThrow(
      expect.objectContaining({ code: "EDATA", message: expect.stringContaining("1 gold sentences but 0") }),
    );
  });

  test("an empty tag", () => {
    expect(() => evaluateEntities([["O"], ["O", ""]], [["O"], ["O", "O"]])).toThrow(
      expect.objectContaining({
        code: "EDATA",
        message: expect.stringContaining("sentence 2: a gold tag is empty"),
      }),
    );
  });

  test.each([[undefined], ["B-PER"], [["B-PER"]], [[null]], [7]])("%p is no list of sentences", (value) => {
    expect(() => evaluateEntities([["O"]], value as never)).toThrow(
      expect.objectContaining({ code: "EARG" }),
    );
    expect(() => evaluateEntities(value as never, [["O"]])).toThrow(
      expect.objectContaining({ code: "EARG" }),
    );
  });

  test("a tag that is no string", () => {
    expect(() => evaluateEntities([["O", 3 as never]], [["O", "O"]])).toThrow(
      expect.objectContaining({ code: "EARG", message: expect.stringContaining("sentence 1") }),
    );
  });
});
