/** Checked by the compiler: a `@ts-expect-error` line without an error fails `npm run lint`. */
import { type Dataset, DatasetDict } from "../../../lib/data/dataset.ts";
import { loadDataset } from "../../../lib/data/load_dataset.ts";
import type { EncodedExample, Example } from "../../../lib/data/types.ts";
import { temporaryFiles } from "./temporary_files.ts";

const write = temporaryFiles();
const encode = async (): Promise<EncodedExample[]> => [];

test("splits whose files are given need no check, the others do", async () => {
  const file = await write("a.txt", "a O\n");
  const data = await loadDataset({ train: file, labelNames: ["O"] });
  const train: Dataset<Example> = data.train;
  const encoded: Dataset<EncodedExample> = (await data.map(encode)).train;
  // @ts-expect-error no test file was given
  const rest: Dataset<Example> = data.test;
  const any: DatasetDict = data;
  expect([train.length, encoded.length, rest, any.validation]).toEqual([1, 0, undefined, undefined]);
});

test("a misspelt option of loadDataset is an error of types too, and of the call", async () => {
  // @ts-expect-error
  const call = loadDataset({ train: "x", labelName: ["O"] });
  await expect(call).rejects.toThrow(/did you mean labelNames/);
});

test("splits by hand may all be absent", () => {
  const data = new DatasetDict({ train: [{ tokens: ["a"], nerTags: ["O"] }] });
  // @ts-expect-error
  const train: Dataset<Example> = data.train;
  expect(train.length).toBe(1);
});
