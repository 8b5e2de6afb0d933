/** Training of ever larger batches and longer sentences, torchner alone: is there a size where speed breaks in? */
import { join } from "node:path";
import { writeFullBatches } from "../batches.mjs";
import { shapeOf, trainingFlops } from "../models.mjs";
import { range } from "../range.mjs";
import { figure } from "../sections.mjs";
import { median, sum } from "../stats.mjs";

const batches = [4, 8, 16, 32, 64];
const lengths = [16, 32, 64, 128, 256, 512];
const leastTokens = 1024;
const [commonBatch, commonLength] = [16, 32];

/** A size that computes less than this share of what its smaller neighbour does a second is a cliff. */
const cliff = 0.7;

export const growth = {
  name: "growth",
  models: ["bert-base", "minilm"],
  shortModels: ["minilm"],
  peers: [],
  async measure(context) {
    const { short, turns = short ? 1 : 5, model } = context;
    const axes = {
      [`batches of sentences of ${commonLength} pieces`]: batches.map((rows) => [rows, commonLength]),
      [`lengths of ${commonBatch} sentences`]: lengths.map((length) => [commonBatch, length]),
    };
    const shapes = Object.values(axes).flat();
    const file = join(context.scratch, `${model}.growth.json`);
    writeFullBatches(file, shapes);
    const requests = range(0, turns).flatMap(() =>
      shapes.map((shape, i) => ({ steps: Array(repeats(shape)).fill(i) })),
    );
    const { finishes } = await context.race(
      contenders(context, file, sum(requests.map(({ steps }) => steps.length))),
      {
        // All sizes, or the pool of memory grows while it is timed.
        warmUp: [{ steps: shapes.map((_, i) => i) }],
        requests,
      },
    );
    return finishes.flatMap((finish) => sections(finish, axes, context));
  },
};

/** Small steps are taken more often, or noise would decide about them. */
function repeats([rows, length]) {
  return Math.ceil(leastTokens / (rows * length));
}

function contenders({ folder, short }, file, totalSteps) {
  return (short ? ["fp32"] : ["fp32", "bf16"]).map((dtype) => ({
    ...{ name: `torchner ${dtype}`, script: "torchner_train.mjs" },
    settings: { folder, batches: file, totalSteps, bf16: dtype === "bf16" },
  }));
}

function sections({ name, answers, unavailable }, axes, { model, folder }) {
  const shapes = Object.values(axes).flat();
  const shape = shapeOf(folder);
  const secondsOf = (wanted) =>
    answers
      .filter((_, i) => shapes[i % shapes.length] === wanted)
      .map(({ seconds }) => seconds / repeats(wanted));
  return Object.entries(axes).map(([axis, points]) => {
    const title = `growth ${model}, ${name}: ${axis}`;
    if (unavailable) return { title, rows: [{ name, unavailable }] };
    const computed = points.map(([rows, length]) => trainingFlops(shape, Array(rows).fill(length)));
    const rates = points.map((point, i) => computed[i] / median(secondsOf(point)));
    const rows = points.map((point) =>
      figure(
        point.join(" x "),
        "tokens/s",
        secondsOf(point).map((seconds) => (point[0] * point[1]) / seconds),
      ),
    );
    const steps = rates.slice(1).map((rate, i) => rate / rates[i]);
    const worst = figure("GFLOP/s, least of a size over the one before", "times", [Math.min(...steps)], {
      atLeast: cliff,
    });
    return { title, rows: [...rows, worst] };
  });
}
