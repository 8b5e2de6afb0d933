/** The parts by name, in the order of a run. */
import { train } from "./train.mjs";

export const parts = Object.fromEntries([train].map((part) => [part.name, part]));
