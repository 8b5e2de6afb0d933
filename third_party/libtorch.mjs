/** Which libtorch: looks at folders in a fixed order, and says why a candidate was passed over. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { libtorchOfBuild } from "./addon.mjs";
import { SetupError } from "./errors.mjs";
import { cacheFolder } from "./paths.mjs";
import { run } from "./process.mjs";

/** @typedef {import("./setup.d.mts").Libtorch} Libtorch */

/** The version that is fetched; results are compared with this one. */
export const pinnedVersion = "2.13.0";
const oldest = [2, 11];
const newest = [2, 14];

const librarySuffix = process.platform === "darwin" ? ".dylib" : ".so";

/** Folder of fetched libtorches: `<version>-<cpu|cuda>/torch`. */
export function libtorchCache() {
  return join(cacheFolder(), "libtorch");
}

/**
 * What lies in a folder, or the reason why torchner cannot be built with it.
 * @param {string} path
 * @returns {{ version: string, cuda: boolean } | { problem: string }}
 */
export function inspectLibtorch(path) {
  const needed = [
    "include/ATen/ATen.h",
    "include/torch/headeronly/version.h",
    `lib/libc10${librarySuffix}`,
    `lib/libtorch_cpu${librarySuffix}`,
  ];
  const missing = needed.find((file) => !existsSync(join(path, file)));
  if (missing) return { problem: `no ${missing} in ${path}` };
  const header = readFileSync(join(path, "include/torch/headeronly/version.h"), "utf8");
  const version = /#define TORCH_VERSION\s+\\?\s*"([^"]+)"/.exec(header)?.[1];
  if (!version) return { problem: `${path} does not say its version` };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major !== oldest[0] || minor < Number(oldest[1]) || minor > Number(newest[1]))
    return {
      problem: `${path} is libtorch ${version}; torchner takes ${oldest.join(".")} to ${newest.join(".")}`,
    };
  return { version, cuda: existsSync(join(path, `lib/libtorch_cuda${librarySuffix}`)) };
}

/**
 * A folder that the user named must do; nothing else is tried in its place.
 * @param {string} path
 * @param {string} name  how the user named it
 * @param {boolean} cuda
 * @returns {Libtorch}
 * @throws {SetupError}
 */
export function namedLibtorch(path, name, cuda) {
  const folder = resolve(path);
  const found = inspectLibtorch(folder);
  if ("problem" in found) throw new SetupError(`${name}: ${found.problem}`);
  if (cuda && !found.cuda)
    throw new SetupError(`${name}: ${folder} is a build without CUDA, and --cuda asks for one`);
  return { path: folder, ...found, from: name };
}

/**
 * The libtorch of the last build stays in use until the user names another or it is gone: a new torch in the
 * active Python must not change results unasked.
 * @param {{ libtorch?: string, cuda?: boolean, log: (line: string) => void }} options
 * @returns {Promise<Libtorch | undefined>}
 */
export async function presentLibtorch(options) {
  const last = options.libtorch || process.env.LIBTORCH ? undefined : libtorchOfBuild();
  if (last) {
    const found = inspectLibtorch(last);
    if (!("problem" in found) && (found.cuda || !options.cuda))
      return { path: last, ...found, from: "build" };
  }
  return findLibtorch(options);
}

/**
 * The first usable libtorch already on this machine: LIBTORCH or --libtorch, torchner's cache, the active
 * Python's torch. A candidate that does not do is passed over with one line.
 * @param {{ libtorch?: string, cuda?: boolean, log: (line: string) => void }} options
 * @returns {Promise<Libtorch | undefined>}
 */
export async function findLibtorch({ libtorch, cuda = false, log }) {
  if (libtorch) return namedLibtorch(libtorch, "--libtorch", cuda);
  if (process.env.LIBTORCH) return namedLibtorch(process.env.LIBTORCH, "LIBTORCH", cuda);
  return cachedLibtorch(cuda, log) ?? (await pythonLibtorch(cuda, log));
}

/**
 * @param {boolean} cuda
 * @param {(line: string) => void} log
 * @returns {Libtorch | undefined}
 */
export function cachedLibtorch(cuda, log) {
  const root = libtorchCache();
  if (!existsSync(root)) return undefined;
  // Folders under construction start with a dot. The pinned version goes first, then the newest.
  const names = readdirSync(root).filter((name) => /^\d/.test(name));
  names.sort((a, b) => rank(b) - rank(a) || b.localeCompare(a, "en", { numeric: true }));
  for (const name of names) {
    const found = usable(join(root, name, "torch"), cuda, log);
    if (found) return { ...found, from: "cache" };
  }
  return undefined;

  /** @param {string} name */
  function rank(name) {
    return name.startsWith(`${pinnedVersion}-`) ? 1 : 0;
  }
}

/**
 * Asks where `torch` is without importing it, which would take seconds.
 * @param {boolean} cuda
 * @param {(line: string) => void} log
 * @returns {Promise<Libtorch | undefined>}
 */
async function pythonLibtorch(cuda, log) {
  const question =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  const { status, stdout } = await run("python3", ["-c", question]);
  const path = stdout.trim();
  if (status !== 0 || !path) return undefined;
  const found = usable(path, cuda, log);
  return found && { ...found, from: "python3" };
}

/**
 * @param {string} path
 * @param {boolean} cuda
 * @param {(line: string) => void} log
 */
function usable(path, cuda, log) {
  const found = inspectLibtorch(path);
  if ("problem" in found) {
    log(`passed over: ${found.problem}`);
    return undefined;
  }
  if (cuda && !found.cuda) {
    log(`passed over: ${path} is a build without CUDA`);
    return undefined;
  }
  return { path, ...found };
}
