/**
 * Writing so that a crash at any moment leaves the old content or the new, never half of it: write aside, fsync,
 * rename, fsync the folder that holds the name.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TorchnerError } from "../native/errors.ts";

/** Replaces one file. */
export async function writeFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `tmp-${basename(path)}-${randomName()}`);
  await explainFailure(path, async () => {
    await mkdir(folder, { recursive: true });
    try {
      await withFile(temporary, "w", (file) => file.writeFile(content).then(() => file.sync()));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  });
}

/**
 * Makes the folder `path` from what `fill` writes into a temporary one beside it; an older folder of that name is
 * replaced. If `fill` fails, nothing is left behind.
 */
export async function writeFolderDurably(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(path);
  const temporary = join(parent, `tmp-${basename(path)}-${randomName()}`);
  await explainFailure(path, async () => {
    await mkdir(temporary, { recursive: true });
    try {
      await fill(temporary);
      await syncFolder(temporary);
      const old = `${temporary}-old`; // a folder cannot be renamed over one that is not empty
      const replaces = await exists(path);
      if (replaces) await rename(path, old);
      try {
        await rename(temporary, path);
      } catch (error) {
        if (replaces) await rename(old, path);
        throw error;
      }
      await syncFolder(parent);
      if (replaces) await rm(old, { recursive: true, force: true });
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  });
}

/** Deletes a folder. A death on the way leaves the whole of it, or nothing under its name. */
export async function removeFolderDurably(path: string): Promise<void> {
  const aside = join(dirname(path), `tmp-${basename(path)}-${randomName()}-gone`);
  await explainFailure(path, async () => {
    await rename(path, aside);
    await rm(aside, { recursive: true, force: true });
  });
}

export interface InterruptedWrite {
  path: string;
  /** What was to be made, replaced or deleted. */
  target: string;
  /** Whether it was given up already. */
  gone: boolean;
}

/** What these functions have left in a folder if their process died. */
export async function interruptedWrites(parent: string): Promise<InterruptedWrite[]> {
  const names = await readdir(parent).catch(() => []);
  return names.flatMap((name) => {
    const [, target, end] = temporaryName.exec(name) ?? [];
    return target ? [{ path: join(parent, name), target: join(parent, target), gone: end === "-gone" }] : [];
  });
}

const temporaryName = /^tmp-(.+)-[0-9a-f]{8}(-old|-gone)?$/;

/** Forces a file's bytes to the disk. */
export async function syncFile(path: string): Promise<void> {
  await withFile(path, "r+", (file) => file.sync());
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there; renames are journalled
  await withFile(path, "r", (file) => file.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** Turns an error of the file system into `EIO` with the path, and where the disk is full with what is left there. */
export async function explainFailure(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error; // not the file system's
    const reason = /^\w+: (.+), \w+/.exec(message)?.[1] ?? code;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const remedy = full ? ` (${await freeBytes(path)} bytes free); free some space and try again` : "";
    throw new TorchnerError("EIO", `${path}: cannot write: ${reason}${remedy}.`, { cause: error });
  }
}

/** Free space of the nearest folder above `path` that exists. */
async function freeBytes(path: string): Promise<number> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch {
      if (folder === dirname(folder)) return 0;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function randomName(): string {
  return randomBytes(4).toString("hex");
}
