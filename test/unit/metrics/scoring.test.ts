import { f1Score } from "../../../lib/metrics/average_scores.ts";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";
import { seqeval } from "../../../lib/metrics/seqeval.ts";

const tags = [["B-PER", "I-PER"]];
const labels = ["O", "B-PER", "I-PER"];
/** `I-PER I-PER` where gold is `B-PER I-PER`. */
const prediction = {
  predictions: Int32Array.of(2, 2),
  labelIds: Int32Array.of(1, 2),
  shape: [1, 2],
};

test("strict mode reads entities by the scheme, from tags and from label ids alike", () => {
  expect(evaluateEntities(tags, [["I-PER", "I-PER"]]).overall_f1).toBe(1);
  expect(evaluateEntities(tags, [["I-PER", "I-PER"]], { mode: "strict" }).overall_f1).toBe(0);
  expect(seqeval(labels)(prediction)).toMatchObject({ f1: 1 });
  expect(seqeval(labels, { mode: "strict", scheme: "IOB2" })(prediction)).toMatchObject({ f1: 0 });
});

test.each([
  [{ scheme: "IOB3", mode: "strict" }, /scheme is IOB3; did you mean IOB1\?/],
  [{ scheme: "IOB2" }, /a scheme is read in mode: "strict" alone; set it/],
  [{ mode: "Strict" }, /mode is Strict; did you mean strict\?/],
  [{ zeroDivision: "warn" }, /zeroDivision is the text "warn"; give 0 or 1/],
  [{ sampleWeight: [1, 2] }, /sampleWeight must have a number of at least 0 for each of the 1 sentences/],
  [{ sufix: true }, /no option sufix; did you mean suffix\?/],
])("%j is refused", (options, message) => {
  expect(() => evaluateEntities(tags, tags, options as never)).toThrow(
    expect.objectContaining({ code: "EARG", message: expect.stringMatching(message) }),
  );
});

test("an average that there is not is refused", () => {
  expect(() => f1Score(tags, tags, { average: "marco" as never })).toThrow(/did you mean macro\?/);
});

test("gold tags outside of the scheme are named with their sentence", () => {
  const gold = [["O"], ["B-PER", "E-PER"]];
  const reading = { mode: "strict", scheme: "IOB2" } as const;
  expect(() => evaluateEntities(gold, gold, reading)).toThrow(
    expect.objectContaining({
      code: "EDATA",
      message:
        "sentence 2: the gold tag E-PER is none of IOB2, whose tags begin with I, O, B; name another scheme, or correct the tag.",
    }),
  );
});

test("a scheme that cannot be told is asked for", () => {
  expect(() => evaluateEntities([["I-PER", "O"]], [["O", "O"]], { mode: "strict" })).toThrow(
    /the gold tags \(I-PER, O\) do not tell their scheme; name it: IOB1, /,
  );
});
