/** The F1 that a trained model has on words with tags, by torchner's pipeline in some dtype. */
import { evaluateEntities, loadDataset, pipeline, setNumThreads } from "torchner";
import { serve } from "./serve.mjs";

await serve(async ({ folder, dtype, testFile, threads }) => {
  await setNumThreads(threads);
  const numerics = dtype === "fp32" ? {} : { dtype };
  const pipe = await pipeline("ner", folder, {
    ...{ batchSize: 32, device: "cpu", isSplitIntoWords: true, ignoreLabels: [] },
    ...numerics,
  });
  const { test } = await loadDataset({ test: testFile });
  const sentences = test.toArray();
  const gold = sentences.map(({ nerTags }) => nerTags);
  return async () => {
    const found = await pipe(sentences.map(({ tokens }) => tokens));
    const predicted = sentences.map(({ tokens }, i) => tagsOf(tokens, found[i]));
    return { f1: evaluateEntities(gold, predicted).overall_f1 };
  };
});

/** A word has the tag of its first piece; words lie in their sentence with a blank between them. */
function tagsOf(tokens, pieces) {
  const tags = new Map(pieces.map(({ start, entity }) => [start, entity]));
  let next = 0;
  return tokens.map((token) => {
    const start = next;
    next += token.length + 1;
    return tags.get(start) ?? "O";
  });
}
