/**
 * Training speed beside transformers: `npm run bench -- [options]`. All run the same batches from the same weights
 * (dropout, clipping, fused AdamW with decay groups, linear schedule), each in a process of its own that stays open; slices of steps
 * take turns A B C A B C, so that a busy machine is busy for all. Only the step itself is timed: batches are made
 * before. Python is that of the interop suite.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  AutoModelForTokenClassification,
  AutoTokenizer,
  DataCollatorForTokenClassification,
  DataLoader,
  defaultCheckpoint,
  loadDataset,
  runtimeInfo,
  setSeed,
  tokenizeAndAlignLabels,
} from "../dist/index.js";
import { interopPython, versionFaults } from "../test/interop/environment.mjs";
import { Driver } from "./driver.mjs";
import { formatReport, summarize } from "./report.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const warmUpSteps = 2;

/** First is the one that the others are measured against. `tuned` has torch's matmuls go to oneDNN. */
const contestants = {
  transformers: ["python", "transformers_steps.py"],
  "transformers-tuned": ["python", "transformers_steps.py", "--tuned"],
  torchner: ["node", "torchner_steps.mjs"],
};

const usage = `npm run bench -- [options]
  --model SOURCE        checkpoint (default ${defaultCheckpoint})
  --train-file FILE     column file (default the quickstart's corpus)
  --batch-size N        sentences a step (default 16)
  --steps N             steps a slice (default 10)
  --slices N            slices of each (default 5)
  --threads N           threads of each (default 2)
  --bf16                autocast to bfloat16 on both sides
  --only a,b            of ${Object.keys(contestants).join(", ")}
  --json                one JSON document on standard output`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: defaultCheckpoint },
      "train-file": { type: "string", default: join(here, "..", "examples", "quickstart", "train.txt") },
      "batch-size": { type: "string", default: "16" },
      steps: { type: "string", default: "10" },
      slices: { type: "string", default: "5" },
      threads: { type: "string", default: "2" },
      bf16: { type: "boolean", default: false },
      only: { type: "string", default: Object.keys(contestants).join() },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const count = (name) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} ${values[name]}: give a whole number from 1`);
    return value;
  };
  const names = values.only.split(",");
  const unknown = names.find((name) => !(name in contestants));
  if (unknown !== undefined)
    throw new Error(`--only ${unknown}: known are ${Object.keys(contestants).join(", ")}`);
  return {
    ...values,
    names,
    trainFile: values["train-file"],
    batchSize: count("batch-size"),
    steps: count("steps"),
    slices: count("slices"),
    threads: count("threads"),
  };
}

/** Writes the batches, in Hugging Face's order for seed 42, and the weights all start from. */
async function prepare(options, folder) {
  const data = await loadDataset({ train: options.trainFile });
  const tokenizer = await AutoTokenizer.fromPretrained(options.model);
  const { train } = await data.map(tokenizeAndAlignLabels(tokenizer));
  const collator = new DataCollatorForTokenClassification(tokenizer);
  const loader = new DataLoader(train, {
    batchSize: options.batchSize,
    shuffle: true,
    seed: 42,
    collator,
    dropLast: true,
  });
  const wanted = options.steps * options.slices + warmUpSteps;
  const batches = [];
  while (batches.length < wanted) {
    for await (const batch of loader) if (batches.push(batch) === wanted) break;
    if (batches.length === 0)
      throw new Error(`${options.trainFile} has fewer than ${options.batchSize} sentences`);
  }
  await setSeed(42);
  const model = await AutoModelForTokenClassification.fromPretrained(options.model, { labels: data.labels });
  await model.savePretrained(folder);
  model.dispose();
  tokenizer.dispose();
  const listed = batches.map((batch) =>
    Object.fromEntries(Object.entries(batch).map(([name, values]) => [name, [...values]])),
  );
  writeFileSync(join(folder, "batches.json"), JSON.stringify(listed));
  return batches.map(({ attentionMask }) => ({
    real: attentionMask.reduce((sum, one) => sum + one, 0),
    padded: attentionMask.length,
  }));
}

/** Takes turns, and gives each contestant's slices: steps, seconds, last loss. */
async function race(drivers, { steps, slices }) {
  for (const driver of drivers) await driver.run(0, warmUpSteps);
  const results = new Map(drivers.map(({ name }) => [name, []]));
  for (let slice = 0; slice < slices; slice++) {
    for (const driver of drivers) {
      results.get(driver.name).push(await driver.run(warmUpSteps + slice * steps, steps));
    }
    process.stderr.write(`slice ${slice + 1} of ${slices}\n`);
  }
  return results;
}

async function main() {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = readOptions();
  const python = interopPython();
  const needsPython = options.names.some((name) => contestants[name][0] === "python");
  const faults = needsPython ? versionFaults(python) : [];
  if (faults.length > 0) throw new Error(`${faults.join("\n")}\nRun: node test/interop/setup.mjs`);
  const folder = mkdtempSync(join(tmpdir(), "torchner-bench-"));
  const drivers = [];
  try {
    const tokens = await prepare(options, folder);
    const settings = JSON.stringify({
      folder,
      threads: options.threads,
      bf16: options.bf16,
      totalSteps: tokens.length,
    });
    for (const name of options.names) {
      const [language, script, ...flags] = contestants[name];
      const program = language === "python" ? python : process.execPath;
      drivers.push(await Driver.start(name, program, [join(here, script), settings, ...flags]));
    }
    const slices = await race(drivers, options);
    const peaks = new Map(drivers.map((driver) => [driver.name, peakMegabytes(driver.pid)]));
    const { matmul, cpuCapability } = await runtimeInfo();
    const report = {
      ...{
        model: options.model,
        trainFile: options.trainFile,
        batchSize: options.batchSize,
        threads: options.threads,
      },
      ...{
        bf16: options.bf16,
        steps: options.steps,
        slices: options.slices,
        cpuCapability,
        matmul: matmul.backend,
      },
      contestants: summarize(slices, tokens.slice(warmUpSteps), peaks, options.steps),
    };
    console.log(options.json ? JSON.stringify(report) : formatReport(report));
  } finally {
    for (const driver of drivers) await driver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the process itself: rusage would count the parent's memory from before exec. Linux only. */
function peakMegabytes(pid) {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(line[1]) / 1024);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
