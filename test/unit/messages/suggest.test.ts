import { didYouMean, editDistance, nearestNames } from "../../../lib/messages/suggest.ts";

const names = ["learning_rate", "num_train_epochs", "eval_steps", "save_steps", "seed", "bf16"];

test.each([
  ["learningrate", ["learning_rate"]],
  ["learning-rte", ["learning_rate"]],
  ["learningRate", ["learning_rate"]],
  ["epochs", ["num_train_epochs"]],
  ["sede", ["seed"]],
  ["steps", ["eval_steps", "save_steps"]],
  ["bf61", ["bf16"]],
  ["momentum", []],
  ["x", []],
])("%s suggests %j", (word, expected) => {
  expect(nearestNames(word, names)).toEqual(expected);
});

test("a suggestion is written in the reader's spelling", () => {
  expect(didYouMean("sed", names, (name) => `--${name}`)).toBe("; did you mean --seed?");
  expect(didYouMean("momentum", names)).toBe("");
});

test.each([
  ["", "abc", 3],
  ["abc", "abc", 0],
  ["abcd", "abdc", 1],
  ["kitten", "sitting", 3],
])("the distance of %j and %j is %i", (a, b, expected) => {
  expect(editDistance(a, b)).toBe(expected);
});
