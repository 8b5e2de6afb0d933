/** Scores of a large evaluation: 200,000 tokens against seqeval. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { range } from "../range.mjs";
import { sectionOf } from "../sections.mjs";
import { sum } from "../stats.mjs";

const wanted = 200_000;

/** Every so manieth tag is predicted wrong. */
const mistakeEvery = 20;

export const metrics = {
  name: "metrics",
  models: [],
  peers: ["python"],
  async measure(context) {
    const { short, turns = short ? 3 : 9, labels, scratch } = context;
    const file = join(scratch, "tags.json");
    const gold = goldIds(context);
    writeFileSync(file, JSON.stringify({ gold, predicted: withMistakes(gold, labels.length) }));
    const { entries, finishes } = await context.race(contenders({ file, labels }), {
      warmUp: [{}, {}],
      requests: range(0, turns).map(() => ({})),
    });
    refuseDifferentScores(finishes);
    const tokens = sum(gold.map((ids) => ids.length));
    const title = `metrics: scores of ${tokens} tokens in ${gold.length} sentences`;
    const about = { title, unit: "ms", better: "less", entries, finishes };
    return [sectionOf({ ...about, value: ({ seconds }) => 1000 * seconds })];
  },
};

function contenders(settings) {
  return ["tags", "ids"].flatMap((form) => [
    { name: `torchner, ${form}`, script: "torchner_metrics.mjs", settings: { ...settings, form } },
    {
      ...{
        name: `seqeval, ${form}`,
        peer: true,
        script: "seqeval_metrics.py",
        settings: { ...settings, form },
      },
      ...{ rival: `torchner, ${form}`, target: 50 },
    },
  ]);
}

/** Sentences, again from the first where there are too few, until there are enough tokens. */
function goldIds({ sentences, labels }) {
  const ids = new Map(labels.map((label, id) => [label, id]));
  const rows = [];
  for (let tokens = 0; tokens < wanted; tokens += rows.at(-1).length) {
    const { nerTags } = sentences[rows.length % sentences.length];
    rows.push(nerTags.slice(0, wanted - tokens).map((tag) => ids.get(tag)));
  }
  return rows;
}

function withMistakes(gold, labels) {
  let position = 0;
  return gold.map((ids) =>
    ids.map((id) => (position++ % mistakeEvery === 0 ? (id + position) % labels : id)),
  );
}

/** Who comes to other scores computes something else. */
function refuseDifferentScores(finishes) {
  const scores = new Set(finishes.flatMap(({ answers }) => answers.map(({ f1 }) => f1.toFixed(9))));
  if (scores.size > 1) throw new Error(`metrics: F1 is ${[...scores].join(" and ")}`);
}
