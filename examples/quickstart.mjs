/**
 * What `npm start` runs: fine-tunes a small BERT on the corpus in `quickstart/`, scores it on sentences whose names
 * it has mostly never seen, and saves it to `quickstart-out/`, where a run before this one is overwritten.
 *
 *     node examples/quickstart.mjs
 */
import { rm } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  defaultCheckpoint,
  evaluateEntities,
  loadDataset,
  pipeline,
  seqeval,
  setSeed,
  Trainer,
  TrainingArguments,
  tagSequences,
  tokenizeAndAlignLabels,
} from "torchner";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outputDir = here("../quickstart-out");
const text =
  "On Monday Ottilie Brandt of Fennmark Energy flew from Lisbon to Nairobi to meet Kenyan farmers.";
const began = performance.now();

const data = await loadDataset({
  train: here("quickstart/train.txt"),
  validation: here("quickstart/validation.txt"),
  test: here("quickstart/test.txt"),
});
console.log(
  `${data.train.length} sentences to learn from, ${data.validation.length} to watch, ${data.test.length} to be tested on\n`,
);

await rm(outputDir, { recursive: true, force: true });
await setSeed(42); // before the classifier on top of the checkpoint is drawn
const tokenizer = await AutoTokenizer.fromPretrained(defaultCheckpoint);
const model = await AutoModelForTokenClassification.fromPretrained(defaultCheckpoint, {
  labels: data.labels,
});
try {
  // Learning from every piece of a name keeps its pieces together in running text; scores are of whole words.
  const learnt = await data.map(tokenizeAndAlignLabels(tokenizer, { labelStrategy: "all-b-to-i" }));
  const scored = await data.map(tokenizeAndAlignLabels(tokenizer));
  const trainer = new Trainer({
    model,
    args: new TrainingArguments({
      outputDir,
      numTrainEpochs: 6,
      learningRate: 3e-4, // a small model and few sentences take more than BERT's usual 2e-5 to 5e-5
      warmupRatio: 0.1,
      weightDecay: 0.01,
      perDeviceTrainBatchSize: 16,
      evalStrategy: "epoch",
      loggingStrategy: "epoch",
      saveStrategy: "no",
      seed: 42,
    }),
    trainDataset: learnt.train,
    evalDataset: scored.validation,
    dataCollator: new DataCollatorForTokenClassification(tokenizer),
    processingClass: tokenizer,
    computeMetrics: seqeval(data.labels),
  });
  await trainer.train();
  await trainer.saveModel();

  console.log(`\nEntities of the ${data.test.length} test sentences:\n`);
  const { gold, predicted } = tagSequences(await trainer.predict(scored.test), data.labels);
  console.log(scoreTable(evaluateEntities(gold, predicted)));

  const ner = await pipeline("ner", model, { tokenizer, aggregationStrategy: "simple" });
  console.log(`\nA new sentence:\n\n  ${mark(text, await ner(text))}`);
} finally {
  model.dispose();
  tokenizer.dispose();
}

const folder = relative(process.cwd(), outputDir) || ".";
console.log(`
Done in ${((performance.now() - began) / 1000).toFixed(0)} s. The model is in ${folder}/. To try next:

  npx torchner predict --model ${folder} --text "Nils Aaberg left Oslo in May."
  npx torchner evaluate --model ${folder} --file ${relative(process.cwd(), here("quickstart/test.txt"))}
  npx torchner train --help          train on files of your own
`);

function scoreTable({ types, overall_precision, overall_recall, overall_f1 }) {
  const all = { precision: overall_precision, recall: overall_recall, f1: overall_f1 };
  const rows = [...Object.entries(types), ["all", all]].map(([name, { precision, recall, f1 }]) =>
    [name.padEnd(6), ...[precision, recall, f1].map((share) => (100 * share).toFixed(1).padStart(9))].join(
      "",
    ),
  );
  return [`  ${"".padEnd(6)}precision   recall       F1`, ...rows.map((row) => `  ${row}`)].join("\n");
}

/** The text with its entities in brackets: `[Lisbon LOC]`. */
function mark(whole, entities) {
  let at = 0;
  const parts = entities.map(({ start, end, entity_group }) => {
    const before = whole.slice(at, start);
    at = end;
    return `${before}[${whole.slice(start, end)} ${entity_group}]`;
  });
  return parts.join("") + whole.slice(at);
}
