/**
 * The whole of a user's run: from the start of the process to the saved model, one epoch. Then what smaller dtypes cost that
 * model in F1.
 */
import { join } from "node:path";
import { interopPython } from "../../test/interop/environment.mjs";
import { projectRoot } from "../../third_party/paths.mjs";
import { contenders as scripts } from "../places.mjs";
import { range } from "../range.mjs";
import { figure, sectionOf } from "../sections.mjs";

const shortSamples = 480;

export const run = {
  name: "run",
  models: ["minilm"],
  shortModels: ["minilm"],
  peers: ["python"],
  async measure(context) {
    const { short, turns = short ? 1 : 2, sentences } = context;
    const samples = short ? Math.min(shortSamples, sentences.length) : sentences.length;
    const { entries, finishes } = await context.race(contenders(context, samples), {
      requests: range(0, turns).map(() => ({})),
    });
    const title = `run ${context.model}: ${samples} sentences, one epoch, process start to saved model`;
    const peaks = finishes.map((finish) => ({ ...finish, peakMegabytes: peakOf(finish) }));
    const about = { title, unit: "s", better: "less", entries, finishes: peaks };
    const sections = [sectionOf({ ...about, value: ({ seconds }) => seconds })];
    // A model of the short run has learned nothing yet that a dtype could cost.
    return short || finishes[0].unavailable ? sections : [...sections, await accuracy(context)];
  },
};

/** Where torchner saves its model. */
function oursIn(scratch) {
  return join(scratch, "ours");
}

function contenders({ folder, corpus, scratch, threads }, samples) {
  const given = { folder, trainFile: corpus.train, samples, threads };
  const entry = (name, program, args, output) => ({
    ...{ name, script: "whole_run.mjs", settings: { program, args, output } },
  });
  const ours = oursIn(scratch);
  const theirs = join(scratch, "theirs");
  const script = [join(scripts, "transformers_run.py"), JSON.stringify({ ...given, output: theirs })];
  return [
    entry("torchner train", process.execPath, commandLine({ ...given, output: ours }), ours),
    { ...entry("HF script", interopPython(), script, theirs), peer: true, rival: "torchner train" },
  ];
}

function commandLine({ folder, trainFile, output, samples, threads }) {
  const options = {
    ...{ "--model": folder, "--train-file": trainFile, "--output-dir": output, "--threads": threads },
    ...{ "--num-train-epochs": 1, "--per-device-train-batch-size": 16, "--weight-decay": 0.01 },
    ...{ "--max-train-samples": samples, "--save-strategy": "no", "--device": "cpu" },
  };
  return [
    join(projectRoot, "dist", "cli", "main.js"),
    "train",
    "--quiet",
    ...Object.entries(options).flat().map(String),
  ];
}

async function accuracy({ scratch, model, corpus, race }) {
  const settings = { folder: oursIn(scratch), testFile: corpus.test };
  const listed = ["fp32", "bf16", "int8"].map((dtype) => ({
    ...{ name: `torchner ${dtype}`, script: "torchner_f1.mjs", settings: { ...settings, dtype } },
  }));
  const { finishes } = await race(listed, { requests: [{}] });
  const rows = finishes.map(({ name, answers, unavailable }) =>
    unavailable ? { name, unavailable } : figure(name, "F1, %", [100 * answers[0].f1]),
  );
  return { title: `run ${model}: F1 of the saved model on ${corpus.name}'s test sentences, by dtype`, rows };
}

/** Of the programs; the process that starts them holds little. */
function peakOf({ answers }) {
  const peaks = answers.map(({ peakMegabytes }) => peakMegabytes).filter(Number.isFinite);
  return peaks.length > 0 ? Math.max(...peaks) : undefined;
}
