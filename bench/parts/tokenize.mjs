/** Words to pieces: the training sentences in one call. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { range } from "../range.mjs";
import { sectionOf } from "../sections.mjs";
import { sum } from "../stats.mjs";

export const tokenize = {
  name: "tokenize",
  models: ["bert-base"],
  shortModels: ["bert-base"],
  peers: ["python"],
  async measure(context) {
    const { short, turns = short ? 3 : 9, sentences, scratch, folder, model } = context;
    const file = join(scratch, "words.json");
    writeFileSync(file, JSON.stringify(sentences.map(({ tokens }) => tokens)));
    const words = sum(sentences.map(({ tokens }) => tokens.length));
    const { entries, finishes } = await context.race(contenders({ folder, file }), {
      warmUp: [{}],
      requests: range(0, turns).map(() => ({})),
    });
    refuseDifferentPieces(finishes);
    const title = `tokenize ${model}: ${sentences.length} sentences of words`;
    const about = { title, unit: "words/s", better: "more", entries, finishes };
    return [sectionOf({ ...about, value: ({ seconds }) => words / seconds })];
  },
};

function contenders(settings) {
  return [
    { name: "torchner", script: "torchner_tokenize.mjs", settings },
    {
      ...{ name: "HF fast tokenizer", peer: true, script: "transformers_tokenize.py", settings },
      ...{ rival: "torchner", target: 1.5 },
    },
  ];
}

/** Who makes other pieces does other work. */
function refuseDifferentPieces(finishes) {
  const counts = new Set(finishes.flatMap(({ answers }) => answers.map(({ pieces }) => pieces)));
  if (counts.size > 1) throw new Error(`tokenize: the tokenizers make ${[...counts].join(" and ")} pieces`);
}
