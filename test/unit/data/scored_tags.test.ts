import { readScoredColumns, readScoredFiles } from "../../../lib/data/scored_tags.ts";
import { temporaryFiles } from "./temporary_files.ts";

const file = temporaryFiles();

const gold = () => file("gold.txt", "Ana B-PER\nsings O\n\nParis B-LOC\n");

test.each([
  ["two columns", "B-PER B-PER\nO B-LOC\n\nB-LOC O\n"],
  ["four columns", "Ana NNP B-PER B-PER\nsings VB O B-LOC\n\nParis NNP B-LOC O\n"],
])("%s: the last two are gold and predicted", async (_name, content) => {
  expect(await readScoredColumns(await file("both.txt", content), {})).toEqual({
    gold: [["B-PER", "O"], ["B-LOC"]],
    predicted: [["B-PER", "B-LOC"], ["O"]],
    notes: [],
  });
});

test.each([
  ["a line of tags a sentence", "predictions.txt", "B-PER B-LOC\nO\n"],
  ["a column file", "predicted.conll", "Ana B-PER\nsings B-LOC\n\nParis O\n"],
  [
    "JSON lines",
    "predicted.jsonl",
    '{"tokens":["Ana","sings"],"ner_tags":["B-PER","B-LOC"]}\n{"tokens":["Paris"],"ner_tags":["O"]}\n',
  ],
])("predictions may be %s", async (_name, path, content) => {
  const found = await readScoredFiles(await gold(), await file(path, content), {});
  expect(found).toMatchObject({ gold: [["B-PER", "O"], ["B-LOC"]], predicted: [["B-PER", "B-LOC"], ["O"]] });
});

test.each([
  ["B-PER O O\nO\n", /sentence 1: 2 gold tags \(.*gold\.txt:1\) but 3 predicted \(.*short\.txt:1\)/],
  ["B-PER O\n", /gold\.txt has 2 sentences but .*short\.txt 1; .* counterpart is .*gold\.txt:4/],
  ["B-PER O\nO\nO\n", /gold\.txt has 2 sentences but .*short\.txt 3; .* counterpart is .*short\.txt:3/],
])("%j does not fit, and the places are named", async (content, message) => {
  await expect(readScoredFiles(await gold(), await file("short.txt", content), {})).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(message),
  });
});

test("a file of one column is refused with its line", async () => {
  await expect(readScoredColumns(await file("one.txt", "O\nO\n"), {})).rejects.toMatchObject({
    code: "EDATA",
    message: expect.stringMatching(/one\.txt:1: one column/),
  });
});
