/**
 * From the start of the process to the first update: seconds, and where they go.
 *
 *     node bench/startup.mjs --model DIR --train-file FILE [--numerics fast]
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { model: { type: "string" }, "train-file": { type: "string" }, numerics: { type: "string" } },
});
if (!values.model || !values["train-file"]) throw new Error("give --model DIR and --train-file FILE");

const phases = [];
let last = 0; // performance.now() counts from the start of the process
const phase = (name) => {
  const now = performance.now();
  phases.push({ phase: name, seconds: (now - last) / 1000 });
  last = now;
};

phase("node itself");
const torchner = await import("torchner");
phase("import torchner");
await torchner.runtimeInfo();
phase("open the addon and libtorch");
const data = await torchner.loadDataset({ train: values["train-file"] });
phase("read the sentences");
const tokenizer = await torchner.AutoTokenizer.fromPretrained(values.model);
phase("load the tokenizer");
const encoded = await data.map(torchner.tokenizeAndAlignLabels(tokenizer));
phase("tokenize and align");
const model = await torchner.AutoModelForTokenClassification.fromPretrained(values.model, {
  labels: data.labels,
  ...(values.numerics && { numerics: values.numerics }),
});
phase("load the weights");
const args = new torchner.TrainingArguments({
  outputDir: "unused",
  perDeviceTrainBatchSize: 16,
  maxSteps: 1,
  saveStrategy: "no",
  disableTqdm: true,
});
const trainer = new torchner.Trainer({
  ...{ model, args, trainDataset: encoded.train, processingClass: tokenizer },
  callbacks: [
    { onTrainBegin: () => phase("set the run up"), onStepEnd: () => phase("the first update") },
    { onStepEnd: report },
  ],
});

/** Called in the run, so that its end (which would write a folder) is never reached. */
function report() {
  for (const { phase: name, seconds } of phases) console.log(`${seconds.toFixed(3).padStart(8)}  ${name}`);
  console.log(`${(last / 1000).toFixed(3).padStart(8)}  together, for ${encoded.train.length} sentences`);
  process.exit(0);
}

await trainer.train();
