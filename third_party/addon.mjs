/** Builds the addon with cmake-js: `build/Release/torchner.node`, linked to one given libtorch. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { lockName } from "./lock.mjs";
import { addonPath, buildFolder, projectRoot } from "./paths.mjs";
import { environmentWithCargo } from "./prerequisites.mjs";
import { lastWords, run } from "./process.mjs";
import { fingerprint, readStamp, stampFile, writeStamp } from "./stamps.mjs";

/** @typedef {import("./setup.d.mts").Libtorch} Libtorch */

const stampName = "addon";

/** The libtorch that the addon was last built with, if any. */
export function libtorchOfBuild() {
  return readStamp(stampName).libtorch;
}

/**
 * Whether the addon is there and was built from the sources as they are now.
 * @param {Libtorch} libtorch
 */
export function addonIsCurrent(libtorch) {
  return existsSync(addonPath) && readStamp(stampName).inputs === inputs(libtorch);
}

/** @param {Libtorch} libtorch */
function inputs({ path, version }) {
  return fingerprint(["CMakeLists.txt", "native"], [path, version, process.platform, process.arch]);
}

/**
 * Builds the addon that `inspect` and `setup` ask for.
 * @param {{ libtorch: Libtorch, jobs?: number, log: (line: string) => void }} options
 * @throws {SetupError} with the compiler's own words
 */
export async function buildAddon({ libtorch, jobs, log }) {
  const stamp = { inputs: inputs(libtorch), libtorch: libtorch.path };
  await compile(buildFolder, { TORCHNER_LIBTORCH: libtorch.path }, { jobs, log });
  writeStamp(stampName, stamp);
  if (!isCheckout) dropIntermediates();
}

/**
 * Configures with CMake's variables and builds; CMake itself knows which files an edit concerns.
 * @param {string} folder
 * @param {Record<string, string>} variables
 * @param {{ jobs?: number, log: (line: string) => void }} options
 * @throws {SetupError} with the compiler's own words
 */
export async function compile(folder, variables, { jobs = defaultJobs(), log }) {
  const configure = [
    "configure",
    ...Object.entries(variables).map(([name, value]) => `--CD${name}=${value}`),
  ];
  let result = await cmakeJs(folder, configure);
  if (result.status !== 0) {
    // A cache from another generator, or from where the project lay before, cannot be configured again.
    for (const name of ["CMakeCache.txt", "CMakeFiles"])
      rmSync(join(folder, name), { recursive: true, force: true });
    result = await cmakeJs(folder, configure);
  }
  if (result.status !== 0)
    throw new SetupError(`cmake could not prepare the build:\n${lastWords(result, 30)}`);
  result = await cmakeJs(folder, ["build", `--parallel=${jobs}`], condensed(log));
  if (result.status !== 0) throw new SetupError(`the addon did not build:\n${lastWords(result, 60)}`);
}

/** A checkout keeps what makes its next build quick; an installed package is built once. */
const isCheckout = existsSync(join(projectRoot, "tsconfig.build.json"));

/** Precompiled headers, object files and crates: more than 500 MB that nobody reads again. */
function dropIntermediates() {
  const kept = [basename(dirname(addonPath)), stampFile(stampName), lockName];
  for (const name of readdirSync(buildFolder))
    if (!kept.includes(name)) rmSync(join(buildFolder, name), { recursive: true, force: true });
}

/** A file that includes torch's headers takes up to 2 GB of memory to compile. */
function defaultJobs() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2e9)));
}

/**
 * @param {string} folder
 * @param {string[]} args
 * @param {(line: string) => void} [onLine]
 */
function cmakeJs(folder, args, onLine) {
  const manifest = createRequire(import.meta.url).resolve("cmake-js/package.json");
  const program = join(manifest, "..", "bin", "cmake-js");
  const common = ["--directory", projectRoot, "--out", folder, "--log-level", "error"];
  return run(process.execPath, [program, ...args, ...common], { env: environmentWithCargo(), onLine });
}

/**
 * Of the many lines of ninja or make, one every few seconds says how far it is.
 * @param {(line: string) => void} log
 */
function condensed(log) {
  let last = 0;
  return (/** @type {string} */ line) => {
    const progress = /^\[\s*(\d+\/\d+|\d+%)\]/.exec(line)?.[1];
    if (!progress || Date.now() - last < 5_000) return;
    last = Date.now();
    log(`building the addon: ${progress}`);
  };
}
