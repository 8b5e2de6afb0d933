import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileDurably } from "../files/durable.ts";
import { checkOptions, checkText } from "../messages/checks.ts";
import type { TrainerCallback } from "./callback.ts";
import { writingTo } from "./log_file.ts";

/**
 * Writes the log as JSON lines: the rows of `state.logHistory`, each with the time at which it came. A run that goes on
 * from a checkpoint keeps the rows up to there and drops those of the part that is now redone; a new run begins anew.
 *
 * @param options.file  Default: `log.jsonl` in `args.loggingDir`, else in the output folder.
 */
export function jsonlLogger(options: { file?: string } = {}): TrainerCallback {
  checkOptions("jsonlLogger", options, ["file"]);
  if (options.file !== undefined) checkText("file", options.file);
  let file: FileHandle | undefined;
  let path = "";
  const close = async () => {
    await file?.close();
    file = undefined;
  };
  return {
    name: "jsonl",
    async onTrainBegin(args, state) {
      path = options.file ?? join(args.loggingDir ?? args.outputDir, "log.jsonl");
      await close();
      await writeFileDurably(path, state.globalStep === 0 ? "" : await linesUpTo(path, state.globalStep));
      await writingTo(path, async () => {
        await mkdir(dirname(path), { recursive: true });
        file = await open(path, "a");
      });
    },
    async onLog(_args, state, _control, { logs }) {
      const row = { time: new Date().toISOString(), step: state.globalStep, ...logs };
      await writingTo(path, async () => file?.appendFile(`${JSON.stringify(row)}\n`));
    },
    onTrainEnd: close,
    onTrainFailed: close,
  };
}

/** The whole lines of an earlier part of the run that are not later than `step`. */
async function linesUpTo(path: string, step: number): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split(/(?<=\n)/)
    .filter((line) => line.endsWith("\n") && stepOf(line) <= step)
    .join("");
}

function stepOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step);
  } catch {
    return Number.NaN; // a line that is not ours goes
  }
}
