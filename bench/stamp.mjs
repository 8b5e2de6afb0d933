/** Work that is done once: its stamp says what it was done from. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const name = "torchner-stamp.txt";

/**
 * Runs `lay` on an empty `folder` unless a run before it finished with the same `wanted`.
 * @param {string} folder
 * @param {string} wanted
 * @param {() => Promise<void> | void} lay
 */
export async function once(folder, wanted, lay) {
  if (stampOf(folder) === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await lay();
  writeFileSync(join(folder, name), wanted);
}

/** What the folder was made from; undefined where it is not finished. */
export function stampOf(folder) {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return undefined;
  }
}
