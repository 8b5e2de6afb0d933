import { type AnalysedSentence, analyse, entityTypes } from "../../../lib/metrics/analysis.ts";

/** `word/gold/predicted/score`; the word's line is its number. */
function sentence(text: string, line = 1): AnalysedSentence {
  const cells = text.split(" ").map((word) => word.split("/"));
  return {
    words: cells.map(([word]) => word!),
    gold: cells.map(([, gold]) => gold!),
    predicted: cells.map(([, , predicted]) => predicted!),
    scores: cells.map(([, , , score]) => Number(score ?? 1)),
    place: (word) => `x.txt:${line + word}`,
  };
}

const sentences = [
  sentence("Ana/B-PER/B-PER Lee/I-PER/I-PER sings/O/O"), // right
  sentence("Paris/B-LOC/B-ORG ./O/O", 10), // type
  sentence("New/B-LOC/O York/I-LOC/B-LOC", 20), // boundary
  sentence("Bank/B-ORG/O of/I-ORG/O England/I-ORG/B-LOC", 30), // both
  sentence("Bob/B-PER/O was/O/O here/O/B-LOC", 40), // missed, spurious
];

test("mistakes are told apart", () => {
  expect(analyse(sentences).counts).toEqual({
    ...{ correct: 1, type: 1, boundary: 1, both: 1, missed: 1, spurious: 1 },
  });
});

test("the matrix has what each type is taken for, missed and made up entities included", () => {
  const { confusion } = analyse(sentences);
  expect(confusion).toEqual({
    LOC: { LOC: 1, ORG: 1, PER: 0, "-": 0 },
    ORG: { LOC: 1, ORG: 0, PER: 0, "-": 0 },
    PER: { LOC: 0, ORG: 0, PER: 1, "-": 1 },
    "-": { LOC: 1, ORG: 0, PER: 0, "-": 0 },
  });
});

test("an exact span goes before an overlap, whatever their order", () => {
  const one = sentence("a/B-X/B-X b/I-X/B-X c/B-X/I-X");
  expect(analyse([one]).counts).toMatchObject({ correct: 0, boundary: 2 });
  const exact = sentence("a/B-X/B-Y b/B-X/B-X");
  expect(analyse([exact]).counts).toMatchObject({ correct: 1, type: 1 });
});

test("the same mistake is counted, with its places", () => {
  const many = [0, 1, 2, 3].map((i) => sentence("in/O/O Paris/B-LOC/B-ORG", 10 * i));
  const [first] = analyse([...sentences, ...many]).mistakes;
  expect(first).toEqual({
    kind: "type",
    gold: { type: "LOC", text: "Paris" },
    predicted: { type: "ORG", text: "Paris" },
    count: 5,
    places: ["x.txt:10", "x.txt:1", "x.txt:11"],
  });
});

test("scores by length count gold by its own and predictions by theirs", () => {
  const none = { precision: 0, recall: 0, f1: 0 };
  expect(analyse(sentences).by_length).toEqual({
    "1": { ...none, number: 2 },
    "2": { precision: 1, recall: 0.5, f1: 2 / 3, number: 2 },
    "3": { ...none, number: 1 },
    "4+": { ...none, number: 0 },
  });
});

test("scores by what the training data has", () => {
  const seen = entityTypes([
    { words: ["Ana", "Lee"], tags: ["B-PER", "I-PER"] },
    { words: ["Paris"], tags: ["B-PER"] },
  ]);
  expect(analyse(sentences, { seen }).by_seen).toEqual({
    same_type: { precision: 1, recall: 1, f1: 1, number: 1 },
    other_type: { precision: 0, recall: 0, f1: 0, number: 1 },
    unseen: { precision: 0, recall: 0, f1: 0, number: 3 },
  });
});

test("calibration is the gap between what was said and what was right", () => {
  const half = [sentence("a/B-X/B-X/0.75 b/O/O/0.75"), sentence("c/B-X/B-Y/0.75 d/O/O/0.75")];
  const { calibration } = analyse(half);
  expect(calibration.words).toBeCloseTo(0, 12); // three of four are right
  expect(calibration.entities).toBeCloseTo(0.25, 12); // one of two is
});

test("a higher threshold leaves out what is less sure", () => {
  const two = [sentence("a/B-X/B-X/0.95 b/O/B-X/0.55")];
  const at = (threshold: number) => analyse(two).by_threshold.find((one) => one.threshold === threshold);
  expect(at(0)).toEqual({ threshold: 0, precision: 0.5, recall: 1, f1: 2 / 3 });
  expect(at(0.6)).toEqual({ threshold: 0.6, precision: 1, recall: 1, f1: 1 });
  expect(at(0.99)).toEqual({ threshold: 0.99, precision: 0, recall: 0, f1: 0 });
});

test("nothing to analyse gives zeros", () => {
  expect(analyse([])).toMatchObject({ calibration: { words: 0, entities: 0 }, mistakes: [] });
});
