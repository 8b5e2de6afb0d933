/** Builds the addon with cmake-js: `build/Release/torchner.node`, linked to one given libtorch. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./paths.mjs";

/** Where the addon lies once it is built. */
export const addonPath = join(projectRoot, "build", "Release", "torchner.node");

/**
 * Configures and builds. CMake itself knows which files changed, so this is cheap when nothing did.
 * @param {{ libtorch: string, jobs?: number, log: (line: string) => void }} options
 */
export async function buildAddon({ libtorch, jobs = availableParallelism(), log }) {
  await cmakeJs(["configure", `--CDTORCHNER_LIBTORCH=${libtorch}`], log);
  await cmakeJs(["build", `--parallel=${jobs}`], log);
}

/**
 * @param {string[]} args
 * @param {(line: string) => void} log
 * @returns {Promise<void>}
 */
function cmakeJs(args, log) {
  const manifest = createRequire(import.meta.url).resolve("cmake-js/package.json");
  const program = join(manifest, "..", "bin", "cmake-js");
  const common = ["--directory", projectRoot, "--out", join(projectRoot, "build"), "--log-level", "error"];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args, ...common], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        for (const line of text.split("\n")) if (line.trim()) log(line);
      });
    }
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve() : reject(new Error(`cmake-js ${args[0]} ended with ${status}`)),
    );
  });
}
