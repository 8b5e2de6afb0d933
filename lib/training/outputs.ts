import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { writeFileDurably } from "./durable.ts";
import { pythonJson } from "./python_json.ts";
import { isFloatKey, type LogRow } from "./state.ts";

/**
 * Writes `{split}_results.json`, and its entries into `all_results.json` beside those that are there.
 * @param split  `train`, `eval` or `predict`; the metrics carry their own prefix.
 */
export async function writeResults(folder: string, split: string, metrics: LogRow): Promise<void> {
  await writeFileDurably(join(folder, `${split}_results.json`), resultsJson(metrics));
  const all = join(folder, "all_results.json");
  await writeFileDurably(all, resultsJson({ ...(await readResults(all)), ...metrics }));
}

/** One line a sentence, its tags separated by blanks. */
export async function writePredictions(
  path: string,
  sentences: readonly (readonly string[])[],
): Promise<void> {
  await writeFileDurably(path, sentences.map((tags) => `${tags.join(" ")}\n`).join(""));
}

export async function writeTrainingArguments(folder: string, args: { toJSON(): unknown }): Promise<void> {
  await writeFileDurably(join(folder, "training_args.json"), `${JSON.stringify(args.toJSON(), null, 2)}\n`);
}

function resultsJson(metrics: LogRow): string {
  return pythonJson(metrics, 4, isFloatKey);
}

/** Results of an earlier part of the run, if there are any. */
async function readResults(path: string): Promise<LogRow> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LogRow;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new TorchnerError("EIO", `${path} cannot be read (${String(error)}); move it away and try again.`);
  }
}
