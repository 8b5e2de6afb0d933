/** The sentences: CoNLL-2003 where it is at hand, else the quickstart's corpus, and the report says which. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testData } from "../test/support/places.mjs";
import { projectRoot } from "../third_party/paths.mjs";

const conll = testData && join(testData, "conll2003", "iob2");

/** @returns {{ name: string, train: string, test: string }} */
export function findCorpus() {
  if (conll && existsSync(conll)) {
    return { name: "CoNLL-2003", train: join(conll, "train.txt"), test: join(conll, "test.txt") };
  }
  const folder = join(projectRoot, "examples", "quickstart");
  return {
    name: "the quickstart's corpus",
    train: join(folder, "train.txt"),
    test: join(folder, "test.txt"),
  };
}
