/** The preloaded disk of disk_shim.c, its trace, and the folder that a loss of power would leave of it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { projectRoot } from "../support/shared.ts";

export const faultKinds = ["enospc", "eio", "eacces", "short", "torn", "kill"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** The library, made now in `folder`; undefined where it cannot be made. */
export function compileShim(folder: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const library = join(folder, "disk_shim.so");
  const source = join(projectRoot, "test", "faults", "disk_shim.c");
  const made = spawnSync(
    "cc",
    ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"],
    {
      encoding: "utf8",
    },
  );
  if (made.error) return undefined; // no compiler
  if (made.status !== 0) throw new Error(made.stderr);
  return library;
}

export const needsShim = "a failing disk is a library preloaded on Linux, made by a C compiler";

/** Environment of a run into `outputDir` whose operation number `at` fails. */
export function failing(
  shim: string,
  outputDir: string,
  trace: string,
  fault?: { at: number; kind: FaultKind },
): Record<string, string> {
  const disk = { LD_PRELOAD: shim, FAULT_DIR: outputDir, FAULT_TRACE: trace, UV_USE_IO_URING: "0" };
  return fault ? { ...disk, FAULT_AT: String(fault.at), FAULT_KIND: fault.kind } : disk;
}

export interface Operation {
  what: "create" | "truncate" | "write" | "sync" | "rename" | "link" | "mkdir" | "remove";
  /** Relative to the output folder; empty for itself. */
  path: string;
  to: string;
  offset: number;
  bytes: Buffer;
}

export function readTrace(path: string, outputDir: string): Operation[] {
  const trace = readFileSync(path);
  const operations: Operation[] = [];
  for (let at = 0; at < trace.length; ) {
    const end = trace.indexOf("\n", at);
    const [what, from, to, offset, size] = trace.toString("utf8", at, end).split("\t");
    const bytes = trace.subarray(end + 1, end + 1 + Number(size));
    at = end + 1 + Number(size);
    const inside = (name: string) => (name === "" ? "" : relative(outputDir, name));
    operations.push({
      ...{ what: what as Operation["what"], path: inside(from!), to: inside(to!) },
      ...{ offset: Number(offset), bytes },
    });
  }
  return operations;
}

/** The newest checkpoint whose name was on the disk for good after these operations; 0: none. */
export function durableStep(operations: readonly Operation[]): number {
  let renamed = 0;
  let durable = 0;
  for (const { what, path, to } of operations) {
    const step = what === "rename" ? /^checkpoint-(\d+)$/.exec(to)?.[1] : undefined;
    if (step) renamed = Number(step);
    if (what === "sync" && path === "") durable = renamed;
  }
  return durable;
}

interface File {
  data: Buffer;
  /** What fsync has seen. */
  safe: Buffer;
}
interface Folder {
  now: Map<string, Entry>;
  /** The names that fsync has seen. */
  safe: Map<string, Entry>;
}
type Entry = File | Folder;
const isFolder = (entry: Entry): entry is Folder => "now" in entry;
const newFolder = (): Folder => ({ now: new Map(), safe: new Map() });

/**
 * What a loss of power leaves of what was not synced: `kept` all of it, `empty` files with their names and no bytes,
 * `half` of the bytes, `forgotten` neither names nor bytes.
 */
export const losses = ["kept", "empty", "half", "forgotten"] as const;
export type Loss = (typeof losses)[number];

/** Makes in `folder` the output folder as it is after power was lost behind these operations. */
export function afterPowerLoss(operations: readonly Operation[], loss: Loss, folder: string): void {
  const root = newFolder();
  const parentOf = (path: string): [Folder, string] => {
    const parts = path.split("/");
    const name = parts.pop()!;
    const parent = parts.reduce<Entry>((at, part) => (at as Folder).now.get(part)!, root);
    return [parent as Folder, name];
  };
  const entryAt = (path: string): Entry => {
    if (path === "") return root;
    const [parent, name] = parentOf(path);
    return parent.now.get(name)!;
  };
  for (const { what, path, to, offset, bytes } of operations) {
    if (what === "mkdir" && path === "") continue;
    const [parent, name] = parentOf(path);
    const found = entryAt(path);
    if (what === "mkdir") parent.now.set(name, newFolder());
    else if (what === "create" && !found)
      parent.now.set(name, { data: Buffer.alloc(0), safe: Buffer.alloc(0) });
    else if (what === "truncate") {
      if (found) (found as File).data = Buffer.alloc(0);
      else parent.now.set(name, { data: Buffer.alloc(0), safe: Buffer.alloc(0) });
    } else if (what === "write") {
      const file = found as File;
      const data = Buffer.alloc(Math.max(file.data.length, offset + bytes.length));
      file.data.copy(data);
      bytes.copy(data, offset);
      file.data = data;
    } else if (what === "sync") {
      if (isFolder(found)) found.safe = new Map(found.now);
      else found.safe = found.data;
    } else if (what === "rename" || what === "link") {
      const [target, newName] = parentOf(to);
      target.now.set(newName, found);
      if (what === "rename") parent.now.delete(name);
    } else if (what === "remove") parent.now.delete(name);
  }
  lay(root, loss, folder);
}

function lay(entry: Folder, loss: Loss, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, inner] of loss === "forgotten" ? entry.safe : entry.now) {
    if (isFolder(inner)) lay(inner, loss, join(folder, name));
    else writeFileSync(join(folder, name), left(inner, loss));
  }
}

function left({ data, safe }: File, loss: Loss): Buffer {
  if (loss === "kept") return data;
  if (loss !== "half" || data.equals(safe)) return safe;
  return data.subarray(0, Math.max(safe.length, data.length >> 1));
}
