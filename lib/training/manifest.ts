import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { syncFile } from "../files/durable.ts";
import { sha256 } from "../files/sha256.ts";
import { safePath } from "../hub/safe_path.ts";
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
  /** SHA-256 of all that stands above, so that nothing of a checkpoint can change unseen. */
  checksum: string;
}

type Unsealed = Omit<Manifest, "checksum">;

/** Writes the manifest of the files that lie in `folder`, each forced to the disk before. */
export async function writeManifest(
  folder: string,
  about: Omit<Unsealed, "format" | "version" | "files">,
): Promise<void> {
  const files: Manifest["files"] = {};
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    await syncFile(path);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256(path) };
  }
  const unsealed: Unsealed = { format: "torchner-checkpoint", version: 1, ...about, files };
  const manifest: Manifest = { ...unsealed, checksum: checksumOf(unsealed) };
  await writeFile(join(folder, MANIFEST), textOf(manifest));
  await syncFile(join(folder, MANIFEST));
}

/** The manifest of a checkpoint folder; undefined if it has none, or not byte for byte one that was written here. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const text = await readFile(join(folder, MANIFEST), "utf8");
    const manifest = JSON.parse(text) as Partial<Manifest> | null;
    return isManifest(manifest) && text === textOf(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function textOf(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function checksumOf(unsealed: Unsealed): string {
  return createHash("sha256").update(JSON.stringify(unsealed)).digest("hex");
}

/** The names too: whoever makes up a manifest must not have any other file read. */

function isManifest(manifest: Partial<Manifest> | null): manifest is Manifest {
  if (typeof manifest !== "object" || manifest === null) return false;
  const { checksum, ...unsealed } = manifest;
  return (
    checksum === checksumOf(unsealed as Unsealed) &&
    manifest.format === "torchner-checkpoint" &&
    Number.isSafeInteger(manifest.step) &&
    Number.isSafeInteger(manifest.serial) &&
    typeof manifest.run === "string" &&
    typeof manifest.files === "object" &&
    manifest.files !== null &&
    Object.entries(manifest.files).every(
      ([name, file]) => typeof file?.sha256 === "string" && safePath(name, MANIFEST) === name,
    )
  );
}

/**
 * Compares every file of a checkpoint with what was written.
 * @throws {TorchnerError} `ECHECKPOINT` naming the first file that is missing, cut off, or changed.
 */
export async function verifyCheckpoint(path: string): Promise<Manifest> {
  const manifest = await readManifest(path);
  if (!manifest) {
    throw damaged(path, MANIFEST, "is missing, damaged, or not completely written by torchner");
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
