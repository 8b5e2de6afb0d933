import { resolve } from "node:path";
import { removeFolderDurably } from "../files/durable.ts";
import { checkpointFolder, listCheckpoints } from "./checkpoint.ts";

/**
 * Deletes the checkpoints over `limit` that were written first; the one just written and the best always stay, so a
 * limit of 1 can leave two. Those of an older run in the folder count, and go before those of this one.
 * @param kept.written  Step of the checkpoint just written.
 * @param kept.best     Folder of the best checkpoint so far, if there is one.
 */
export async function rotateCheckpoints(
  outputDir: string,
  limit: number | undefined,
  { written, best }: { written: number; best: string | null },
) {
  if (limit === undefined) return;
  const paths = (await listCheckpoints(outputDir)).map(({ path }) => path);
  const kept = [checkpointFolder(outputDir, written), ...(best === null ? [] : [best])];
  for (const path of checkpointsToDelete(paths, limit, kept)) await removeFolderDurably(path);
}

/**
 * @param paths  Oldest first.
 * @param kept   These stay whatever the limit.
 */
export function checkpointsToDelete(
  paths: readonly string[],
  limit: number,
  kept: readonly string[],
): string[] {
  const wanted = new Set(kept.map((path) => resolve(path)));
  const stays = new Set(paths.map((path) => resolve(path)).filter((path) => wanted.has(path)));
  const surplus = Math.max(0, paths.length - Math.max(limit, stays.size));
  return paths.filter((path) => !stays.has(resolve(path))).slice(0, surplus);
}

/** When training has ended with the best weights, a limit of 1 leaves their checkpoint alone. */
export async function keepOnlyBest(outputDir: string, limit: number | undefined, best: string | null) {
  if (limit !== 1 || best === null) return;
  for (const { path } of await listCheckpoints(outputDir)) {
    if (resolve(path) !== resolve(best)) await removeFolderDurably(path);
  }
}

/** Deletes what a run has saved that is given up. */
export async function deleteRun(outputDir: string, run: string): Promise<void> {
  for (const checkpoint of await listCheckpoints(outputDir)) {
    if (checkpoint.run === run) await removeFolderDurably(checkpoint.path);
  }
}
