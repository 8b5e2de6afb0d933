/** Training steps: real tokens a second on the same random batches, and how near the machine's peak they come. */
import { join } from "node:path";
import { writeBatches } from "../batches.mjs";
import { shapeOf, trainingFlops } from "../models.mjs";
import { range } from "../range.mjs";
import { figure, sectionOf } from "../sections.mjs";
import { ratios, sum } from "../stats.mjs";

const batchSize = 16;
const peakName = "peak of multiply-adds";

/** What torchner is meant to reach: times HF's default, times HF with oneDNN, times HF in bfloat16. */
const targets = {
  "bert-base": { default: 5.0, onednn: 2.7, bf16: 3.0, share: 70 },
  distilbert: { default: 5.0 },
  minilm: { default: 5.5 },
};

/** Steps of a turn that take some seconds with the slowest contender. */
const stepsOf = { "bert-base": 4, distilbert: 6, minilm: 15 };

export const train = {
  name: "train",
  models: ["bert-base", "distilbert", "minilm"],
  shortModels: ["bert-base", "minilm"],
  peers: ["python"],
  async measure(context) {
    const { short, turns = short ? 3 : 7 } = context;
    const steps = short ? Math.ceil(stepsOf[context.model] / 4) : stepsOf[context.model];
    const warmUp = short ? 1 : 3;
    const total = warmUp + turns * steps;
    const file = join(context.scratch, `${context.model}.batches.json`);
    const batches = await writeBatches(file, {
      ...{ folder: context.folder, trainFile: context.corpus.train, batchSize, count: total },
    });
    const { entries, finishes } = await context.race(contenders(context, file, total), {
      warmUp: [{ steps: range(0, warmUp) }],
      requests: range(0, turns).map((turn) => ({ steps: range(warmUp + turn * steps, steps) })),
    });
    const turnsOf = range(0, turns).map((turn) =>
      batches.slice(warmUp + turn * steps, warmUp + (turn + 1) * steps),
    );
    const about = { context, entries, finishes, turns: turnsOf, steps };
    return [section(about)];
  },
};

function contenders({ model, folder, short }, batches, totalSteps) {
  const settings = { folder, batches, totalSteps };
  const target = targets[model];
  const ours = (name, bf16) => ({ name, script: "torchner_train.mjs", settings: { ...settings, bf16 } });
  const theirs = (name, variant, rival) => ({
    ...{ name, peer: true, script: "transformers_train.py", settings: { ...settings, variant } },
    ...{ rival, target: target[variant], memoryTarget: variant === "default" ? 0.7 : undefined },
  });
  return [
    { name: peakName, script: "fma_peak.mjs", settings: {} },
    ours("torchner fp32", false),
    ours("torchner bf16", true),
    theirs("HF fp32", "default", "torchner fp32"),
    theirs("HF fp32, products by oneDNN", "onednn", "torchner fp32"),
    theirs("HF bf16 autocast", "bf16", "torchner bf16"),
    // It compiles for minutes.
    ...(short ? [] : [theirs("HF fp32, torch.compile", "compile", "torchner fp32")]),
  ];
}

function section({ context, entries, finishes, turns, steps }) {
  const tokens = turns.map((batches) => sum(batches.flatMap(({ lengths }) => lengths)));
  const padding = 1 - sum(tokens) / sum(turns.flat().map(({ padded }) => padded));
  const { title, rows } = sectionOf({
    title:
      `train ${context.model}: batches of ${batchSize}, ${Math.round(100 * padding)} % padding, ` +
      `${turns.length} turns of ${steps} steps`,
    ...{
      unit: "tokens/s",
      better: "more",
      entries: entries.filter(({ name }) => name !== peakName),
      finishes,
    },
    value: ({ seconds }, turn) => tokens[turn] / seconds,
  });
  const times = finishes
    .filter(({ name, answers }) => name !== peakName && answers.length > 0)
    .map(({ name, answers }) =>
      figure(
        `${name}, a step`,
        "ms",
        answers.map(({ seconds }) => (1000 * seconds) / steps),
      ),
    );
  return { title, rows: [...rows, ...times, ...shares({ context, finishes, turns })] };
}

/** The peak, and the share of it that the useful products of a step reach. */
function shares({ context, finishes, turns }) {
  const peak = finishes.find(({ name }) => name === peakName);
  if (peak.unavailable) return [{ name: peakName, unavailable: peak.unavailable }];
  const shape = shapeOf(context.folder);
  const work = turns.map((batches) => sum(batches.map(({ lengths }) => trainingFlops(shape, lengths))) / 1e9);
  return ["fp32", "bf16"].flatMap((dtype) => {
    const limits = peak.answers.map((answer) => answer[dtype]);
    const { answers } = finishes.find(({ name }) => name === `torchner ${dtype}`);
    if (limits.includes(0) || answers.length === 0) return [];
    const reached = answers.map(({ seconds }, turn) => work[turn] / seconds);
    const goal = dtype === "fp32" ? { atLeast: targets[context.model].share } : {};
    return [
      figure(`${peakName}, ${dtype}`, "GFLOP/s", limits),
      figure(
        `torchner ${dtype}, share of the peak`,
        "%",
        ratios(reached, limits).map((share) => 100 * share),
        goal,
      ),
    ];
  });
}
