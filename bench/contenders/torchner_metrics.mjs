/** torchner's scores of tags, or of label ids as the Trainer has them. */
import { readFileSync } from "node:fs";
import { evaluateEntities, seqeval } from "torchner";
import { serve, timed } from "./serve.mjs";

await serve(async ({ file, labels, form }) => {
  const { gold, predicted } = JSON.parse(readFileSync(file, "utf8"));
  const score = form === "ids" ? scoreIds(gold, predicted, labels) : scoreTags(gold, predicted, labels);
  return async () => {
    const { seconds, result } = await timed(score);
    return { seconds, f1: result };
  };
});

function scoreTags(gold, predicted, labels) {
  const [theirs, ours] = [gold, predicted].map((rows) => rows.map((ids) => ids.map((id) => labels[id])));
  return () => evaluateEntities(theirs, ours).overall_f1;
}

/** Padded rows with -100, as a prediction gives them. */
function scoreIds(gold, predicted, labels) {
  const width = Math.max(...gold.map((ids) => ids.length));
  const [labelIds, predictions] = [gold, predicted].map((rows) =>
    Int32Array.from(rows.flatMap((ids) => [...ids, ...Array(width - ids.length).fill(-100)])),
  );
  const metric = seqeval(labels);
  return () => metric({ predictions, labelIds, shape: [gold.length, width] }).f1;
}
