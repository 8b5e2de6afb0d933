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
  if (readStamp(folder) === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await lay();
  writeFileSync(join(folder, name), wanted);
}

function readStamp(folder) {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return undefined;
  }
}
