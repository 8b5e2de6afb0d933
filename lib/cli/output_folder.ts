import { constants } from "node:fs";
import { access, readdir, realpath, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { removeFolderDurably } from "../files/durable.ts";
import { TorchnerError } from "../native/errors.ts";
import { resultFiles } from "../training/outputs.ts";

const checkpointName = /^checkpoint-\d+$/;
/** What a run that was killed while it wrote a checkpoint has left. */
const brokenName = /^tmp-checkpoint-\d+-[0-9a-f]{8}(-old|-gone)?$/;
/** Any of these, or a checkpoint, says that a run has ended or stopped here. */
const runFiles = [...resultFiles, "training_args.json", "model.safetensors"];

/**
 * Makes sure, before any work, that the results will find their place; creates nothing.
 * @param settled  Whether the user has said what becomes of an older run: it is overwritten, or goes on.
 * @throws {TorchnerError} `EUSAGE` for a folder that holds a run, unless `settled`; `EIO` where it cannot be written.
 */
export async function checkOutputFolder(folder: string, settled: boolean): Promise<void> {
  const names = await namesIn(folder);
  const run = names.filter((name) => runFiles.includes(name) || checkpointName.test(name));
  if (run.length > 0 && !settled) {
    throw new TorchnerError(
      "EUSAGE",
      `${folder} already holds a run (${run.slice(0, 3).join(", ")}${run.length > 3 ? ", ..." : ""}); name another ` +
        "folder, let that run go on with --resume-from-checkpoint auto, or replace it with --overwrite-output-dir",
    );
  }
  await checkWritable(resolve(folder), folder);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const why = code === "ENOTDIR" ? "is a file, or lies in one; name a folder for the results" : message;
    throw new TorchnerError("EIO", `${folder}: ${why}`, { cause: error });
  }
}

/** The folder, or the nearest one above it that exists, must take new entries. */
async function checkWritable(path: string, shown: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found && dirname(path) !== path) return checkWritable(dirname(path), shown);
  try {
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = `${path} cannot be written; name another --output-dir, or change its mode or owner`;
    throw new TorchnerError("EIO", `${shown}: ${why}`, { cause: error });
  }
}

/**
 * Refuses to start from a checkpoint that the run's first update would remove with the older run.
 * @param start  Folder of the checkpoint to start from.
 * @throws {TorchnerError} `EUSAGE` if it is one of the output folder's checkpoints.
 */
export async function checkStart(start: string, folder: string): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  const [first] = relative(await real(folder), await real(start)).split(sep);
  if (!checkpointName.test(first!)) return;
  throw new TorchnerError(
    "EUSAGE",
    `${start} is part of the run in ${folder} that --overwrite-output-dir replaces; name another --output-dir`,
  );
}

/** Removes what an older run left that the new one might not replace: its checkpoints and results. */
export async function clearOldRun(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (checkpointName.test(name)) await removeFolderDurably(join(folder, name));
    else if (brokenName.test(name)) await rm(join(folder, name), { recursive: true });
    else if (resultFiles.includes(name)) await rm(join(folder, name));
  }
}
