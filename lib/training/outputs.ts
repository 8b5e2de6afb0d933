import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "../files/durable.ts";
import { TorchnerError } from "../native/errors.ts";
import { tokenizerFileNames } from "../tokenization/tokenizer_files.ts";
import { pythonJson } from "./python_json.ts";
import { RUN_LOCK } from "./run_lock.ts";
import { isFloatKey, type LogRow } from "./state.ts";

/** What a run writes beside its checkpoints and the model. */
export const resultFiles = [
  "all_results.json",
  "train_results.json",
  "eval_results.json",
  "predict_results.json",
  "predictions.txt",
  "trainer_state.json",
];

/** Files of an output folder that are written aside first; so a copy under a temporary name is what a death has left. */
export const replacedFiles: ReadonlySet<string> = new Set([
  ...resultFiles,
  ...["config.json", "training_args.json", "README.md", "log.jsonl", RUN_LOCK],
  ...tokenizerFileNames,
]);

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
