/** What a build was made from, so that a second run can tell that there is nothing to do. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildFolder, projectRoot } from "./paths.mjs";

/**
 * Hash of the content of files and folders (relative to the project) and of some further words. Content and
 * not time: a clone or a branch switch changes every file's time.
 * @param {string[]} paths
 * @param {string[]} [words]
 */
export function fingerprint(paths, words = []) {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const path of paths) addTo(hash, path);
  return hash.digest("hex");
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} path
 */
function addTo(hash, path) {
  const full = join(projectRoot, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    for (const name of readdirSync(full).sort()) if (name !== "target") addTo(hash, `${path}/${name}`);
  } else if (stat) {
    const content = readFileSync(full);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
}

/**
 * Name of a stamp's file in the build folder.
 * @param {string} name
 */
export function stampFile(name) {
  return `${name}.stamp.json`;
}

/**
 * @param {string} name
 * @returns {Record<string, string>} empty where there is no stamp, or one that cannot be read
 */
export function readStamp(name) {
  try {
    return JSON.parse(readFileSync(join(buildFolder, stampFile(name)), "utf8"));
  } catch {
    return {};
  }
}

/**
 * @param {string} name
 * @param {Record<string, string>} stamp
 */
export function writeStamp(name, stamp) {
  mkdirSync(buildFolder, { recursive: true });
  const file = join(buildFolder, stampFile(name));
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}
