/** A server that trains must still answer: the longest delay of the event loop in a run with evaluation and checkpoint. */
import { join } from "node:path";
import { range } from "../range.mjs";
import { figure } from "../sections.mjs";

const name = "torchner Trainer";

export const events = {
  name: "events",
  models: ["minilm"],
  shortModels: ["minilm"],
  peers: [],
  async measure(context) {
    const { short, turns = short ? 2 : 5, sentences, folder, corpus, scratch, model } = context;
    const samples = Math.min(short ? 160 : 1600, sentences.length);
    const evaluated = Math.min(short ? 320 : 3200, sentences.length);
    const settings = { folder, trainFile: corpus.train, samples, evaluated, output: join(scratch, "events") };
    const { finishes } = await context.race([{ name, script: "torchner_events.mjs", settings }], {
      requests: range(0, turns).map(() => ({})),
    });
    const title = `events ${model}: training on ${samples} sentences, evaluation of ${evaluated}, a checkpoint`;
    const [{ answers, unavailable }] = finishes;
    if (unavailable) return [{ title, rows: [{ name, unavailable }] }];
    const longest = answers.map((answer) => answer.longest);
    const usual = answers.map((answer) => answer.percentile99);
    return [
      {
        title,
        rows: [
          figure("longest delay of the event loop", "ms", longest, { atMost: 20 }),
          figure("99 of 100 delays stay under", "ms", usual),
        ],
      },
    ];
  },
};
