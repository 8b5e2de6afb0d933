/**
 * Everything that a user imports from "torchner", and the methods of what they make of it, found by reflection and called
 * with values of every type, or with one of EVERY: `node exports.mjs EVERY`. Prints a line for each call that fails
 * otherwise than by a refusal.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import * as torchner from "torchner";
import { hostileValues, inTurns, planned } from "./hostile_values.mjs";

const { TorchnerError } = torchner;
const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "."];
mkdirSync("tokenizer");
writeFileSync("tokenizer/vocab.txt", `${words.join("\n")}\n`);
writeFileSync("train.txt", "a O\nb B-X\n\n");
process.env.HF_HUB_OFFLINE = "1";

const labels = ["O", "B-X"];
const config = {
  ...{ model_type: "bert", vocab_size: 50, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2 },
  ...{ intermediate_size: 8, max_position_embeddings: 16 },
};
const model = await torchner.AutoModelForTokenClassification.fromConfig(config, { labels });
const batch = { shape: [1, 3], inputIds: Int32Array.of(1, 5, 2), labels: Int32Array.of(-100, 1, -100) };
const example = { tokens: ["a"], nerTags: ["O"] };
const dataset = new torchner.Dataset([example, example]);
const tokenizer = await torchner.AutoTokenizer.fromPretrained("tokenizer");
const splits = new torchner.DatasetDict({ train: dataset, labels });
const encoded = (await splits.map(torchner.tokenizeAndAlignLabels(tokenizer))).train;
const optimizer = new torchner.AdamW(model, { lr: 1e-3 });
const collator = new torchner.DataCollatorForTokenClassification(tokenizer);
const args = new torchner.TrainingArguments({ outputDir: "out", disableTqdm: true });
const log = () => {};
/** What classes make, since many cannot be made from wrong values. */
const made = {
  ...{ model, optimizer, dataset, splits, collator, args, tokenizer },
  output: await model.forward(batch),
  loader: new torchner.DataLoader(encoded, { collator }),
  scheduler: torchner.getScheduler("linear", { optimizer, numWarmupSteps: 0, numTrainingSteps: 5 }),
  trainer: new torchner.Trainer({ model, args, dataCollator: collator, log }),
};

const tags = [["O", "B-X"]];
const scoring = { mode: "strict", scheme: "IOB2", suffix: false, zeroDivision: 0, sampleWeight: [1] };
const averaged = [tags, tags, { average: "macro", ...scoring }];
const settings = {
  ...{ numerics: "fast", layout: "packed", bf16: false, labelSmoothing: 0.1, gradientCheckpointing: false },
};
const encoding = { addSpecialTokens: true, maxLength: 8, stride: 2 };
const prediction = { predictions: batch.labels, labelIds: batch.labels, shape: batch.shape };
/** Right arguments, of which one or an option is replaced; a new export is called with wrong ones alone. */
const right = {
  AdamW: [model, { lr: 1e-3, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0 }],
  "AutoModelForTokenClassification.fromConfig": [config, { labels, device: "cpu", ...settings }],
  "AutoModelForTokenClassification.fromPretrained": [
    "none",
    { labels, ignoreMismatchedSizes: true, ...settings },
  ],
  DataCollatorForTokenClassification: [tokenizer, { padToMultipleOf: 8, maxLength: 8 }],
  DataLoader: [encoded, { batchSize: 1, shuffle: true, seed: 1, dropLast: false, collator }],
  DatasetDict: [{ train: dataset, labels, notes: [] }],
  Trainer: [
    { model, args, dataCollator: collator, trainDataset: encoded, evalDataset: encoded, callbacks: [], log },
  ],
  TrainingArguments: [Object.fromEntries(Object.entries(args))],
  accuracyScore: [tags, tags],
  alignLabels: [Int32Array.of(-1, 0), Int32Array.of(1), { strategy: "all", labels }],
  classificationReport: [tags, tags, { digits: 2, outputDict: true, ...scoring }],
  earlyStopping: [{ patience: 1, threshold: 0, log }],
  evaluateEntities: [tags, tags, scoring],
  f1Score: averaged,
  getScheduler: [
    "polynomial",
    { optimizer, numWarmupSteps: 0, numTrainingSteps: 5, schedulerSpecificKwargs: { power: 2, lrEnd: 0 } },
  ],
  jsonlLogger: [{ file: "log.jsonl" }],
  loadDataset: [
    {
      train: "train.txt",
      labelNames: labels,
      format: "conll",
      textColumn: 0,
      labelColumn: 1,
      encoding: "utf-8",
      log,
    },
  ],
  pipeline: [
    "ner",
    model,
    {
      ...{ tokenizer, aggregationStrategy: "simple", ignoreLabels: ["O"], batchSize: 1, stride: 1 },
      ...{ isSplitIntoWords: true, delimiter: " ", validTags: true },
    },
  ],
  precisionScore: averaged,
  pushToHub: ["folder", { repoId: "a/b", private: true, commitMessage: "x", log }],
  recallScore: averaged,
  seqeval: [labels, scoring],
  setRngState: [await torchner.getRngState()],
  tagSequences: [prediction, labels],
  tensorboard: [{ logDir: "runs" }],
  tokenizeAndAlignLabels: [
    tokenizer,
    { maxLength: 8, stride: 1, labelStrategy: "all", labelAllTokens: false },
  ],
  "args.getWarmupSteps": [5],
  "collator.collate": [encoded.toArray()],
  "dataset.slice": [0, 1],
  "model.forward": [batch, { training: true, grad: true, ...settings }],
  "tokenizer.convertIdsToTokens": [[5]],
  "tokenizer.convertTokensToIds": [["a"]],
  "tokenizer.decode": [[5], { skipSpecialTokens: true }],
  "tokenizer.encodeTexts": [["a b"], encoding],
  "tokenizer.encodeWords": [[["a", "b"]], encoding],
  "trainer.createModelCard": [{ modelName: "a", baseModel: "b", dataset: "c" }],
  "trainer.evaluate": [encoded, "eval"],
  "trainer.predict": [encoded, { returnLogits: true, metricKeyPrefix: "test" }],
  "trainer.saveModel": ["saved", { push: false }],
  "trainer.train": [{ resumeFromCheckpoint: false, force: false, signal: AbortSignal.abort() }],
};

/** The value in every place; alone, or in place of one right argument or one of its options. */
function wrongLists(name, value) {
  const lists = [1, 2, 3].map((many) => Array(many).fill(value));
  for (const [place, given] of (right[name] ?? []).entries()) {
    lists.push(right[name].with(place, value));
    if (Object.getPrototypeOf(Object(given)) !== Object.prototype) continue;
    for (const key of Object.keys(given)) lists.push(right[name].with(place, { ...given, [key]: value }));
  }
  return lists;
}

const isClass = (value) => typeof value === "function" && /^class\b/.test(String(value));
// What an Error takes, TorchnerError takes.
const functions = Object.entries(torchner).filter(
  ([, value]) => typeof value === "function" && value !== TorchnerError,
);
const own = (object) =>
  Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([key, { value }]) => key !== "constructor" && typeof value === "function" && !isClass(value))
    .map(([key, { value }]) => [key, value]);

const callables = [
  ...functions.map(([name, value]) => [
    name,
    isClass(value) ? (given) => new value(...given) : (given) => value(...given),
  ]),
  ...functions
    .filter(([, value]) => isClass(value))
    .flatMap(([name, value]) =>
      own(value).map(([key, method]) => [`${name}.${key}`, (given) => method.apply(value, given)]),
    ),
  ...Object.entries(made).flatMap(([name, object]) =>
    own(object.constructor === Object ? object : Object.getPrototypeOf(object))
      .filter(([key]) => key !== "dispose")
      .map(([key, method]) => [`${name}.${key}`, (given) => method.apply(object, given)]),
  ),
];

const counts = { calls: 0, refused: 0, accepted: 0 };
const late = {};
async function failureOf(call) {
  counts.calls++;
  let timer;
  const deadline = new Promise((resolve) => {
    timer = setTimeout(() => resolve(late), 20_000);
  });
  try {
    const result = await Promise.race([call(), deadline]);
    if (result === late) return new Error("has not ended after 20 s");
    counts.accepted++;
    return undefined;
  } catch (error) {
    counts.refused++;
    return error;
  } finally {
    clearTimeout(timer);
  }
}

// Of what native/core/failure.cc catches, what no check refused before: nobody foresaw it.
const unforeseen = /unexpected native error|libtorch: |oneDNN: /;
const isRefusal = (error) =>
  error instanceof TorchnerError && !(error.code === "EENV" && unforeseen.test(error.message));

const some = inTurns(Number(process.argv[2]));
for (const [name, call] of callables) {
  for (const [value, make] of some(hostileValues({ "the model": model, "the dataset": dataset }))) {
    for (const [i, given] of wrongLists(name, make()).entries()) {
      const error = await failureOf(async () => call(given));
      if (error === undefined || error === planned || isRefusal(error)) continue;
      // A revoked proxy and a class that is called throw for themselves.
      if (/proxy|^class$/.test(value) && error instanceof TypeError) continue;
      console.log(`${name} with ${value} (${i}): ${error?.name} ${error?.message ?? String(error)}`);
    }
  }
}
console.log(JSON.stringify(counts));
