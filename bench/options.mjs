/** What the command line asks for. */
import { parseArgs } from "node:util";
import { modelNames } from "./models.mjs";
import { parts } from "./parts/index.mjs";
import { reports } from "./places.mjs";

export const usage = `npm run bench -- [PART...] [MODEL...] [options]
  PART            ${Object.keys(parts).join(", ")} (default: all)
  MODEL           ${modelNames.join(", ")} (default: the part's own)
  --short         fewer models, turns and peers: under five minutes in all
  --alone         torchner without its peers
  --turns N       turns of each contender (default: the part's own)
  --threads N     threads of each (default 2)
  --output FILE   the report as JSON (default ${reports}/TIME.json)`;

export function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
      turns: { type: "string" },
      threads: { type: "string", default: "2" },
      output: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((name) => !(name in parts) && !modelNames.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is neither a part nor a model\n${usage}`);
  const named = positionals.filter((name) => name in parts);
  return {
    ...values,
    parts: named.length > 0 ? named : Object.keys(parts),
    models: positionals.filter((name) => modelNames.includes(name)),
    threads: count("threads", values.threads),
    turns: values.turns === undefined ? undefined : count("turns", values.turns),
  };
}

function count(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: give a whole number from 1`);
  return value;
}
