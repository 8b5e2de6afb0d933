/** Folders that the setup reads and writes. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder: a checkout, or `node_modules/torchner`. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

export const buildFolder = join(projectRoot, "build");

/** Where the addon lies once it is built. */
export const addonPath = join(buildFolder, "Release", "torchner.node");

/** The environment goes first, so that a caller can name another home. */
export function homeFolder() {
  return process.env.HOME || homedir();
}

/** Where downloads stay, shared by all projects of a user. */
export function cacheFolder() {
  if (process.env.TORCHNER_CACHE) return process.env.TORCHNER_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homeFolder(), ".cache"), "torchner");
}
