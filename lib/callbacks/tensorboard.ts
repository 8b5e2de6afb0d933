import { type FileHandle, mkdir, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { checkOptions, checkText } from "../messages/checks.ts";
import type { LogRow } from "../training/state.ts";
import type { TrainerCallback } from "./callback.ts";
import { fileVersion, restart, scalar, textSummary } from "./event_file.ts";
import { writingTo } from "./log_file.ts";

/**
 * Writes the log as a TensorBoard event file, with the names of transformers: `eval_loss` is `eval/loss`, `loss` is
 * `train/loss`; arguments and the model's configuration stand under Text. Each row is on the disk before the run goes on.
 *
 * @param options.logDir  Default: `args.loggingDir`, else `runs/<args.runName, or date and time and host>` in the output
 *   folder.
 */
export function tensorboard(options: { logDir?: string } = {}): TrainerCallback {
  checkOptions("tensorboard", options, ["logDir"]);
  if (options.logDir !== undefined) checkText("logDir", options.logDir);
  let file: FileHandle | undefined;
  let path = "";
  const write = (...records: Uint8Array[]) =>
    writingTo(path, async () => file?.appendFile(Buffer.concat(records)));
  const close = async () => {
    await file?.close();
    file = undefined;
  };
  return {
    name: "TensorBoardCallback",
    async onTrainBegin(args, state, _control, { model }) {
      const now = new Date();
      const folder =
        options.logDir ?? args.loggingDir ?? join(args.outputDir, "runs", args.runName ?? folderName(now));
      path = join(folder, `events.out.tfevents.${seconds(now)}.${hostname()}.${process.pid}.0`);
      await close();
      await writingTo(path, async () => {
        await mkdir(folder, { recursive: true });
        file = await open(path, "a");
      });
      const at = now.getTime() / 1000;
      await write(
        fileVersion(at),
        ...(state.globalStep > 0 ? [restart(at, state.globalStep + 1)] : []),
        textSummary(at, 0, "args", JSON.stringify(args, null, 2)),
        textSummary(at, 0, "model_config", JSON.stringify(model.config, null, 2)),
      );
    },
    async onLog(_args, state, _control, { logs = {} }) {
      if (file) await write(...rowRecords(logs, state.globalStep, Date.now() / 1000));
    },
    onTrainEnd: close,
    onTrainFailed: close,
  };
}

function rowRecords(row: LogRow, step: number, at: number): Uint8Array[] {
  return Object.entries(row).map(([name, value]) =>
    typeof value === "number"
      ? scalar(at, step, tagOf(name), value)
      : textSummary(at, step, tagOf(name), value),
  );
}

function tagOf(name: string): string {
  const [, prefix, rest] = /^(eval|test)_(.*)$/s.exec(name) ?? [];
  return prefix ? `${prefix}/${rest}` : `train/${name}`;
}

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** `Nov23_04-05-06_host`, as torch's SummaryWriter and transformers name a run. */
function folderName(date: Date): string {
  const month = date.toLocaleString("en-US", { month: "short" });
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("-");
  return `${month}${two(date.getDate())}_${time}_${hostname()}`;
}
