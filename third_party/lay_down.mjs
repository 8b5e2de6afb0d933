/** Folders that are either complete or not there: filled beside their place and renamed into it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Fills `target` unless it is there. When two processes do so at once, the first to finish wins and the
 * other's copy is dropped.
 * @param {string} target
 * @param {(folder: string) => Promise<void>} fill  writes into an empty folder on the same disk
 */
export async function layDown(target, fill) {
  if (existsSync(target)) return;
  await withScratch(dirname(target), async (scratch) => {
    const folder = join(scratch, "content");
    mkdirSync(folder);
    await fill(folder);
    try {
      renameSync(folder, target);
    } catch (error) {
      // Another process has laid it down meanwhile; its copy is as good as ours.
      if (!existsSync(target)) throw error;
    }
  });
}

/**
 * @template T
 * @param {string} parent
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withScratch(parent, work) {
  mkdirSync(parent, { recursive: true });
  dropAbandoned(parent);
  const folder = mkdtempSync(join(parent, `.scratch.${process.pid}.`));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Removes what processes left that were killed at their work.
 * @param {string} parent
 */
function dropAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const pid = /^\.scratch\.(\d+)\./.exec(name)?.[1];
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
