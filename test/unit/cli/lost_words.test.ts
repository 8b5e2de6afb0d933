import { reportLostWords } from "../../../lib/cli/lost_words.ts";
import { Dataset } from "../../../lib/data/dataset.ts";
import { sentence } from "../training/fakes.ts";

test("words of the training file that no piece stands for are counted and named", () => {
  const cut = { ...sentence(1, 2), wordLabels: Int32Array.of(1, 2, 0, 0) }; // two more words, cut off
  const warnings: string[] = [];
  const terminal = { warn: (text: string) => void warnings.push(text) };
  expect(reportLostWords(new Dataset([sentence(1), cut, cut]), "train.txt", terminal)).toBe(4);
  expect(warnings).toEqual([
    expect.stringMatching(/^train\.txt: 4 words of 2 sentences .*--max-seq-length.*--long-sequences error/),
  ]);
  expect(reportLostWords(new Dataset([sentence(1)]), "train.txt", terminal)).toBe(0);
  expect(warnings).toHaveLength(1);
});
