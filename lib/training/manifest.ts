import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { syncFile } from "../files/durable.ts";
import { sha256 } from "../files/sha256.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Numerics } from "../native/types.ts";

export const MANIFEST = "manifest.json";

/** What `manifest.json` says of a checkpoint; it is written last, so a folder that has it is complete. */
export interface Manifest {
  format: "torchner-checkpoint";
  version: 1;
  /** Of torchner, when it was written. */
  torchner: string;
  /** Of libtorch. */
  torch: string;
  step: number;
  /** Tells the run from others that wrote into the same folder; a run that goes on keeps it. */
  run: string;
  /** One more than the highest in the folder, so that their order is that of writing, whatever the clock says. */
  serial: number;
  /** Whether a stop made it: no step where the run would have saved. */
  stop: boolean;
  numerics: Numerics;
  /** Fingerprint of the training data. */
  data: string;
  /** Whether it holds the state of its run beside the model. */
  resumable: boolean;
  files: Record<string, { bytes: number; sha256: string }>;
}

/** Writes the manifest of the files that lie in `folder`, each forced to the disk before. */
export async function writeManifest(
  folder: string,
  about: Omit<Manifest, "format" | "version" | "files">,
): Promise<void> {
  const files: Manifest["files"] = {};
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    await syncFile(path);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256(path) };
  }
  const manifest: Manifest = { format: "torchner-checkpoint", version: 1, ...about, files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await syncFile(join(folder, MANIFEST));
}

/** The manifest of a checkpoint folder; undefined if it has none that can be read. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Partial<Manifest> | null;
    return isManifest(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(manifest: Partial<Manifest> | null): manifest is Manifest {
  return (
    manifest?.format === "torchner-checkpoint" &&
    Number.isSafeInteger(manifest.step) &&
    Number.isSafeInteger(manifest.serial) &&
    typeof manifest.run === "string" &&
    typeof manifest.files === "object" &&
    manifest.files !== null &&
    Object.values(manifest.files).every((file) => typeof file?.sha256 === "string")
  );
}

/**
 * Compares every file of a checkpoint with what was written.
 * @throws {TorchnerError} `ECHECKPOINT` naming the first file that is missing, cut off, or changed.
 */
export async function verifyCheckpoint(path: string): Promise<Manifest> {
  const manifest = await readManifest(path);
  if (!manifest) {
    throw damaged(path, MANIFEST, "is missing or not readable: it was not completely written by torchner");
  }
  for (const [name, written] of Object.entries(manifest.files)) {
    const file = join(path, name);
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size === undefined) throw damaged(path, name, "is missing");
    if (size !== written.bytes) throw damaged(path, name, `has ${size} bytes instead of ${written.bytes}`);
    if ((await sha256(file)) !== written.sha256)
      throw damaged(path, name, "has another content than was written (its sha256 differs)");
  }
  return manifest;
}

function damaged(path: string, name: string, what: string): TorchnerError {
  return new TorchnerError("ECHECKPOINT", `${join(path, name)} ${what}; resume from another checkpoint.`);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
