/**
 * Brings in what npm does not: libtorch, the tokenizer crate and the addon. Node's own modules only, because
 * it runs before there is a node_modules folder; `torchner setup` and `torchner doctor` call it too.
 */
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { addonIsCurrent, buildAddon } from "./addon.mjs";
import { presentLibtorch } from "./libtorch.mjs";
import { fetchLibtorch } from "./libtorch_fetch.mjs";
import { withLock } from "./lock.mjs";
import { addonPath, cacheFolder } from "./paths.mjs";
import { checkPrerequisites, requirePrerequisites } from "./prerequisites.mjs";

export { SetupError } from "./errors.mjs";

/** @typedef {import("./setup.d.mts").Libtorch} Libtorch */
/** @typedef {import("./setup.d.mts").Check} Check */

/** @param {string} line */
export function logToStderr(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** @type {typeof import("./setup.d.mts").setup} */
export async function setup(options = {}) {
  const log = options.quiet ? () => {} : (options.log ?? logToStderr);
  // Without the lock first: the usual case is that there is nothing to do.
  const present = await presentLibtorch({ ...options, log: () => {} });
  if (present && addonIsCurrent(present)) return result(present, []);
  return withLock(log, async () => {
    /** @type {import("./setup.d.mts").SetupResult["done"]} */
    const done = [];
    let libtorch = await presentLibtorch({ ...options, log });
    await requirePrerequisites({ python: !libtorch });
    if (!libtorch) {
      libtorch = await fetchLibtorch({ cuda: options.cuda, log });
      done.push("libtorch");
    }
    if (!addonIsCurrent(libtorch)) {
      log(`building the addon with libtorch ${libtorch.version} (${libtorch.path})`);
      await buildAddon({ libtorch, jobs: options.jobs, log });
      done.push("addon");
    }
    return result(libtorch, done);
  });
}

/**
 * @param {Libtorch} libtorch
 * @param {import("./setup.d.mts").SetupResult["done"]} done
 */
function result(libtorch, done) {
  return { libtorch, addon: addonPath, cache: cacheFolder(), done };
}

/** @type {typeof import("./setup.d.mts").inspect} */
export async function inspect() {
  const libtorch = await lookForLibtorch();
  const found = "path" in libtorch ? libtorch : undefined;
  return [
    ...(await checkPrerequisites({ python: true })),
    "path" in libtorch
      ? {
          name: "libtorch",
          ok: true,
          detail: `${libtorch.version}${libtorch.cuda ? " with CUDA" : ""}, ${libtorch.path} (${libtorch.from})`,
        }
      : { name: "libtorch", ok: false, detail: libtorch.problem, remedy: "npx torchner setup" },
    addonCheck(found),
    cacheCheck(),
  ];
}

/** @returns {Promise<Libtorch | { problem: string }>} */
async function lookForLibtorch() {
  try {
    return (await presentLibtorch({ log: () => {} })) ?? { problem: "none found" };
  } catch (error) {
    return { problem: /** @type {Error} */ (error).message };
  }
}

/**
 * @param {Libtorch | undefined} libtorch
 * @returns {Check}
 */
function addonCheck(libtorch) {
  const name = "addon";
  const remedy = "npx torchner setup";
  if (!existsSync(addonPath)) return { name, ok: false, detail: "not built", remedy };
  if (!libtorch || !addonIsCurrent(libtorch))
    return { name, ok: false, detail: "built from other sources or another libtorch", remedy };
  return { name, ok: true, detail: addonPath };
}

/** @returns {Check} */
function cacheCheck() {
  const name = "cache folder";
  const path = cacheFolder();
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    const { bavail, bsize } = statfsSync(path);
    return { name, ok: true, detail: `${path}, ${((bavail * bsize) / 1e9).toFixed(1)} GB free` };
  } catch (error) {
    const detail = /** @type {Error} */ (error).message;
    return { name, ok: false, detail, remedy: "set TORCHNER_CACHE to a folder you can write to" };
  }
}
