/** One setup at a time in one project: `npm start` and `npm test` may be started together. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "./lay_down.mjs";
import { buildFolder } from "./paths.mjs";

/** Its file in the build folder; it holds the owner's process id. */
export const lockName = "setup.lock";

/**
 * @template T
 * @param {(line: string) => void} log
 * @param {() => Promise<T>} work
 * @param {string} [folder]  where the lock lies
 * @returns {Promise<T>}
 */
export async function withLock(log, work, folder = buildFolder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, lockName);
  for (let waited = false; !take(file); waited = true) {
    if (!waited) log("another setup is at work in this folder; waiting for it");
    await sleep(300);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * A link makes the lock appear with its owner already in it, so a lock without an owner cannot be left behind.
 * @param {string} file
 */
function take(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  try {
    if (!isRunning(Number(readFileSync(file, "utf8")))) rmSync(file, { force: true });
  } catch (error) {
    // Given back between the two calls.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
  }
  return false;
}
