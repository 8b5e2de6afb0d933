import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { listCheckpoints, MANIFEST } from "./checkpoint.ts";

/**
 * Deletes the oldest checkpoints over `limit`; the newest and the best always stay, so a limit of 1 can leave two.
 * @param best  Folder of the best checkpoint so far, if there is one.
 */
export async function rotateCheckpoints(outputDir: string, limit: number | undefined, best: string | null) {
  if (limit === undefined) return;
  const paths = (await listCheckpoints(outputDir)).map(({ path }) => path);
  for (const path of checkpointsToDelete(paths, limit, best)) await deleteCheckpoint(path);
}

/** @param paths  Oldest first. */
export function checkpointsToDelete(paths: readonly string[], limit: number, best: string | null): string[] {
  const stays = new Set(paths.slice(-1).map((path) => resolve(path)));
  if (best !== null && paths.some((path) => resolve(path) === resolve(best))) stays.add(resolve(best));
  const surplus = Math.max(0, paths.length - Math.max(limit, stays.size));
  return paths.filter((path) => !stays.has(resolve(path))).slice(0, surplus);
}

/** When training has ended, a limit of 1 leaves the best checkpoint alone. */
export async function keepOnlyBest(outputDir: string, limit: number | undefined, best: string | null) {
  if (limit !== 1 || best === null) return;
  for (const { path } of await listCheckpoints(outputDir)) {
    if (resolve(path) !== resolve(best)) await deleteCheckpoint(path);
  }
}

/** The manifest goes first: a deletion that is cut short leaves a folder that no one takes for a checkpoint. */
async function deleteCheckpoint(path: string): Promise<void> {
  await rm(join(path, MANIFEST), { force: true });
  await rm(path, { recursive: true, force: true });
}
