/** How long training waits for a checkpoint: weights, optimizer and the rest, to the folder's final name. */
import { join } from "node:path";
import { range } from "../range.mjs";
import { sectionOf } from "../sections.mjs";

export const checkpoint = {
  name: "checkpoint",
  models: ["bert-base", "minilm"],
  shortModels: ["minilm"],
  peers: ["python"],
  async measure(context) {
    const { short, turns = short ? 2 : 4, model, folder, corpus, scratch } = context;
    const entry = (name, script, more) => {
      const output = join(scratch, script);
      return { name, script, settings: { folder, trainFile: corpus.train, output }, ...more };
    };
    const { entries, finishes } = await context.race(
      [
        entry("torchner, synced and with hashes", "torchner_checkpoint.mjs"),
        entry("HF", "transformers_checkpoint.py", {
          ...{ peer: true, rival: "torchner, synced and with hashes" },
        }),
      ],
      { warmUp: [{}], requests: range(0, turns).map(() => ({})) },
    );
    const title = `checkpoint ${model}: the wait after a step`;
    return [
      sectionOf({ title, unit: "s", better: "less", entries, finishes, value: ({ seconds }) => seconds }),
    ];
  },
};
