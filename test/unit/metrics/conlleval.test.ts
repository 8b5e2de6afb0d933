import { conllevalReport } from "../../../lib/metrics/conlleval.ts";
import { countTags } from "../../../lib/metrics/scoring.ts";

test("the report has conlleval's lines, in percent, with the predicted entities at the end", () => {
  const gold = [
    ["B-PER", "I-PER", "O", "B-LOC"],
    ["O", "B-LOC"],
  ];
  const predicted = [
    ["B-PER", "I-PER", "O", "O"],
    ["B-LOC", "B-LOC"],
  ];
  expect(conllevalReport(countTags("score", gold, predicted, {})).split("\n")).toEqual([
    "processed 6 tokens with 3 phrases; found: 3 phrases; correct: 2.",
    "accuracy:  66.67%; precision:  66.67%; recall:  66.67%; FB1:  66.67",
    "              LOC: precision:  50.00%; recall:  50.00%; FB1:  50.00  2",
    "              PER: precision: 100.00%; recall: 100.00%; FB1: 100.00  1",
  ]);
});
