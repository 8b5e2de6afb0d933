/** The parts by name, in the order of a run. */
import { checkpoint } from "./checkpoint.mjs";
import { events } from "./events.mjs";
import { growth } from "./growth.mjs";
import { infer } from "./infer.mjs";
import { metrics } from "./metrics.mjs";
import { run } from "./run.mjs";
import { tokenize } from "./tokenize.mjs";
import { train } from "./train.mjs";

export const parts = Object.fromEntries(
  [train, growth, run, infer, tokenize, metrics, checkpoint, events].map((part) => [part.name, part]),
);
