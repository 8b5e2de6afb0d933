/**
 * torchner and its peers side by side: `npm run bench -- [PART...] [MODEL...] [--short]`. A part lists contenders, each a
 * process of its own; they do the same work in turns on this machine, and the report has medians, spreads and ratios.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { loadDataset } from "torchner";
import { findCorpus } from "./corpus.mjs";
import { describeMachine } from "./machine.mjs";
import { modelFolder } from "./models.mjs";
import { readOptions, usage } from "./options.mjs";
import { parts } from "./parts/index.mjs";
import { installOnnx, installPython } from "./peers.mjs";
import { reports } from "./places.mjs";
import { race } from "./race.mjs";
import { formatReport } from "./report.mjs";

async function main() {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = readOptions();
  const chosen = options.parts.map((name) => parts[name]);
  if (!options.alone) await installPeers(chosen);
  const machine = await describeMachine();
  const corpus = findCorpus();
  const start = performance.now();
  const sections = await measure(chosen, options, corpus);
  const seconds = (performance.now() - start) / 1000;
  const report = { machine, corpus: corpus.name, options, seconds, sections };
  const file = resolve(
    options.output ?? join(reports, `${new Date().toISOString().replaceAll(":", "-")}.json`),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(report, null, 2));
  console.log(formatReport({ head: headOf(report), sections }));
  console.log(`\n${seconds.toFixed(0)} s; all samples are in ${file}`);
}

async function installPeers(chosen) {
  const needed = new Set(chosen.flatMap(({ peers }) => peers));
  if (needed.has("python") || needed.has("onnx")) await installPython();
  if (needed.has("onnx")) await installOnnx();
}

async function measure(chosen, options, corpus) {
  const scratch = mkdtempSync(join(tmpdir(), "torchner-bench-"));
  const sections = [];
  try {
    const { train, labels } = await loadDataset({ train: corpus.train });
    const sentences = train.toArray();
    for (const part of chosen) {
      for (const model of modelsOf(part, options)) {
        const name = [part.name, model].filter(Boolean).join(" ");
        const log = (line) => process.stderr.write(`${name}: ${line}\n`);
        const folder = model && (await modelFolder(model, labels));
        const given = { ...options, corpus, sentences, labels, scratch, model, folder, log };
        sections.push(...(await part.measure({ ...given, race: racer(given) })));
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return sections;
}

function modelsOf(part, { models, short }) {
  if (part.models.length === 0) return [undefined];
  if (models.length > 0) return models;
  return short ? part.shortModels : part.models;
}

/** Races those of a part's contenders that were asked for; gives them beside their finishes. */
function racer({ alone, threads, log }) {
  return async (listed, course) => {
    const entries = listed
      .filter(({ peer }) => !(alone && peer))
      .map((entry) => ({ ...entry, settings: { threads, ...entry.settings } }));
    return { entries, finishes: await race(entries, { ...course, log }) };
  };
}

function headOf({ machine, corpus, options }) {
  return (
    `${machine.cpu}, ${machine.cores} cores (load ${machine.load.toFixed(1)} before), ${options.threads} threads, ` +
    `${machine.cpuCapability}, ${machine.kernels}, node ${machine.node}, libtorch ${machine.libtorch}, ` +
    `torchner ${machine.commit ?? ""}, ${corpus}`
  );
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
