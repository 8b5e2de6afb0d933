import { scoreTable } from "../../../lib/cli/score_table.ts";
import { evaluateEntities } from "../../../lib/metrics/entities.ts";

const plain = (_: string, text: string) => text;

test("scores stand in percent under their headings, with the gold entities of each type", () => {
  const gold = [["B-PER", "O", "B-LOC"], ["B-PER"]];
  const predicted = [["B-PER", "O", "B-LOC"], ["O"]];
  expect(scoreTable(evaluateEntities(gold, predicted), plain).split("\n")).toEqual([
    "         precision     recall         F1   entities",
    "LOC         100.00     100.00     100.00          1",
    "PER         100.00      50.00      66.67          2",
    "overall     100.00      66.67      80.00          3",
  ]);
});

test("a file without entities has its line over all", () => {
  expect(scoreTable(evaluateEntities([["O"]], [["O"]]), plain).split("\n")).toHaveLength(2);
});
