/**
 * What an evaluation holds over its model: resident memory after each phase, and its peak in it. The data is written to
 * a column file and read again, so that it is in memory as a user's would be. `--help` lists the options.
 *
 *     node bench/evaluation_memory.mjs [--model SOURCE] [--file FILE] [--tokens 1000000] [--long N]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  AutoModelForTokenClassification,
  AutoTokenizer,
  defaultCheckpoint,
  loadDataset,
  seqeval,
  Trainer,
  TrainingArguments,
  tokenizeAndAlignLabels,
} from "torchner";

const calls = {
  "evaluate()": (trainer, dataset) => trainer.evaluate(dataset),
  "predict()": (trainer, dataset) => trainer.predict(dataset),
  "predict({ returnLogits })": (trainer, dataset) => trainer.predict(dataset, { returnLogits: true }),
};

const usage = `node bench/evaluation_memory.mjs [options]
  --model SOURCE      checkpoint (default: a BERT of 2 layers x 64 from scratch)
  --tokenizer SOURCE  default that of --model, else of ${defaultCheckpoint}
  --file FILE         column file whose sentences are repeated (default: made-up ones)
  --tokens N          words to evaluate (default 1000000)
  --long N            one sentence of N words before them, which makes every padded row as wide
  --batch-size N      sentences a batch (default 8)
  --threads N         default libtorch's own`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      tokenizer: { type: "string" },
      file: { type: "string" },
      tokens: { type: "string", default: "1000000" },
      long: { type: "string", default: "0" },
      "batch-size": { type: "string", default: "8" },
      threads: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const numbers = ["tokens", "long", "batch-size", "threads"].filter((name) => values[name] !== undefined);
  for (const name of numbers) {
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name} ${values[name]}: give a whole number`);
  }
  return { ...values, ...Object.fromEntries(numbers.map((name) => [name, Number(values[name])])) };
}

/** Sentences of the file, or made up, until there are so many words. */
function writeData(path, { file, tokens, long }) {
  const sentences = file
    ? readFileSync(file, "utf8")
        .trim()
        .split(/\n\s*\n/)
    : Array.from({ length: 997 }, (_, i) => madeUpSentence(1 + (i % 29), i));
  const chosen = long > 0 ? [madeUpSentence(long, 0)] : [];
  for (let words = 0, i = 0; words < tokens; i = (i + 1) % sentences.length) {
    chosen.push(sentences[i]);
    words += sentences[i].split("\n").length;
  }
  writeFileSync(path, `${chosen.join("\n\n")}\n`);
}

function madeUpSentence(words, seed) {
  const rows = ["Oslo B-LOC", "rain O", "and O", "Nils B-PER", "Aaberg I-PER", "overseeing O", ", O"];
  return Array.from({ length: words }, (_, i) => rows[(i * i + seed) % rows.length]).join("\n");
}

/** One call, in a process of its own: what the one before it left behind would be in its figures. */
async function measure({ call, path, labels, ...options }) {
  const rows = [];
  const phase = async (name, work) => {
    forgetPeak();
    const start = performance.now();
    const result = await work();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    rows.push({
      name,
      seconds: (performance.now() - start) / 1000,
      rss,
      peak: peak(),
      heapUsed,
      arrayBuffers,
    });
    return result;
  };
  const { tokenizer, model } = await phase("load the model", () => load(options, labels));
  const data = await phase("read the sentences", () => loadDataset({ test: path, labelNames: labels }));
  const { test } = await phase("tokenize and align", () => data.map(tokenizeAndAlignLabels(tokenizer)));
  const args = new TrainingArguments({
    ...{ outputDir: "unused", disableTqdm: true, threads: options.threads },
    perDeviceEvalBatchSize: options["batch-size"],
  });
  const trainer = new Trainer({ model, args, processingClass: tokenizer, computeMetrics: seqeval(labels) });
  await phase(call, () => calls[call](trainer, test));
  const pieces = test.toArray().reduce((sum, { inputIds }) => sum + inputIds.length, 0);
  return { rows, sentences: test.length, pieces, weights: model.parameterCount().total };
}

async function load({ model: source, tokenizer: named }, labels) {
  const tokenizer = await AutoTokenizer.fromPretrained(named ?? source ?? defaultCheckpoint);
  if (source)
    return { tokenizer, model: await AutoModelForTokenClassification.fromPretrained(source, { labels }) };
  const config = {
    ...{ model_type: "bert", vocab_size: tokenizer.vocabSize, hidden_size: 64, num_hidden_layers: 2 },
    ...{ num_attention_heads: 2, intermediate_size: 256, max_position_embeddings: 512 },
  };
  return { tokenizer, model: await AutoModelForTokenClassification.fromConfig(config, { labels }) };
}

/** Linux counts the peak from when it was last told to; elsewhere it is that of the process so far. */
function forgetPeak() {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}

function peak() {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}

function report(call, { rows, sentences, pieces, weights }, words) {
  const base = rows[0].rss;
  const [model, most] = [4 * weights, Math.max(...rows.slice(1).map((row) => row.peak))];
  console.log(
    `${call}: ${words} words, ${sentences} sentences, ${pieces} pieces; weights ${megabytes(model)} MB`,
  );
  console.log("seconds      rss     peak  over the model     heap  arrays");
  for (const row of rows) {
    const cells = [
      row.seconds.toFixed(1).padStart(7),
      ...[row.rss, row.peak].map((bytes) => megabytes(bytes).padStart(8)),
      megabytes(row.peak - base).padStart(15),
      megabytes(row.heapUsed).padStart(8),
      megabytes(row.arrayBuffers).padStart(7),
    ];
    console.log(`${cells.join(" ")}  ${row.name}`);
  }
  console.log(`        at most ${megabytes(most - base)} MB over the model's ${megabytes(base)} MB\n`);
}

const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(0);

async function main() {
  if (process.env.TORCHNER_BENCH_CALL) {
    console.log(JSON.stringify(await measure(JSON.parse(process.env.TORCHNER_BENCH_CALL))));
    return;
  }
  const options = readOptions();
  if (options.help) return console.log(usage);
  const folder = mkdtempSync(join(tmpdir(), "torchner-bench-"));
  try {
    const path = join(folder, "test.txt");
    writeData(path, options);
    const { train, labels } = await loadDataset({ train: path });
    const words = train.toArray().reduce((sum, { tokens }) => sum + tokens.length, 0);
    for (const call of Object.keys(calls)) {
      const env = { ...process.env, TORCHNER_BENCH_CALL: JSON.stringify({ ...options, call, path, labels }) };
      const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
        ...{ env, cwd: folder, encoding: "utf8" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      if (run.status !== 0) throw new Error(`${call} ended with ${run.status ?? run.signal}`);
      report(call, JSON.parse(run.stdout), words);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
