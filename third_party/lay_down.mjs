/** Folders that are either complete or not there: filled beside their place and renamed into it. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Fills `target` unless it is there. When two processes do so at once, the first to finish wins and the
 * other's copy is dropped.
 * @param {string} target
 * @param {(folder: string) => Promise<void>} fill  writes into an empty folder on the same disk
 */
export async function layDown(target, fill) {
  if (existsSync(target)) return;
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true });
  dropAbandoned(parent);
  const folder = join(parent, `.${basename(target)}.${process.pid}`);
  mkdirSync(folder);
  try {
    await fill(folder);
    renameSync(folder, target);
  } catch (error) {
    // A rename onto a folder that another process has just laid down fails; its copy is as good as ours.
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what processes left that were killed while they filled a folder. @param {string} parent */
function dropAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const pid = /^\..*\.(\d+)$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
