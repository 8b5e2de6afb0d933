/** The F1 that a trained model has on words with tags, by torchner's pipeline in some dtype. */
import {
  AutoModelForTokenClassification,
  evaluateEntities,
  loadDataset,
  pipeline,
  setNumThreads,
} from "torchner";
import { serve } from "./serve.mjs";

await serve(async ({ folder, dtype, testFile, threads }) => {
  await setNumThreads(threads);
  const numerics = dtype === "fp32" ? {} : { dtype };
  const pipe = await pipeline("ner", folder, {
    ...{
      batchSize: 32,
      device: "cpu",
      isSplitIntoWords: true,
      aggregationStrategy: "first",
      ignoreLabels: [],
    },
    ...numerics,
  });
  const { test } = await loadDataset({ test: testFile, labelNames: await labelsOf(folder) });
  const sentences = test.toArray();
  return async () => {
    const found = await pipe(sentences.map(({ tokens }) => tokens));
    const predicted = sentences.map(({ tokens }, i) => tagsOf(tokens, found[i]));
    return {
      f1: evaluateEntities(
        sentences.map(({ nerTags }) => nerTags),
        predicted,
      ).overall_f1,
    };
  };
});

async function labelsOf(folder) {
  const model = await AutoModelForTokenClassification.fromPretrained(folder);
  const { labels } = model;
  model.dispose();
  return labels;
}

/** The spans as tags of words; entities begin and end at words, which a blank divides. */
function tagsOf(tokens, entities) {
  let start = 0;
  return tokens.map((token) => {
    const entity = entities.find((one) => one.start <= start && start < one.end);
    const type = entity?.entity_group ?? "O";
    const tag = type === "O" ? "O" : `${entity.start === start ? "B" : "I"}-${type}`;
    start += token.length + 1;
    return tag;
  });
}
