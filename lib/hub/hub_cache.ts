/**
 * The cache that Python's huggingface_hub keeps on disk, in its layout, so that both sides use the same files:
 *
 *     models--org--name/blobs/<hash>                    contents
 *     models--org--name/snapshots/<commit>/config.json  relative link to a blob
 *     models--org--name/refs/main                       the commit that the branch was at
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { safePath } from "./safe_path.ts";
import { huggingFaceCache } from "./settings.ts";

export interface Repo {
  type: "model" | "dataset";
  /** `org/name`, or `name` alone. */
  name: string;
  /** Branch, tag or commit. */
  revision: string;
}

/**
 * What an id means: `org/name` or `name`, with `@revision` for another than `main`. Undefined when it cannot
 * be an id, such as a path.
 */
export function parseRepoId(type: Repo["type"], id: string): Repo | undefined {
  const match = /^([^/@]+(?:\/[^/@]+)?)(?:@([\w./+-]+))?$/.exec(id);
  if (!match?.[1] || !isRepoName(match[1])) return undefined;
  const revision = match[2] ?? "main";
  // It becomes a path here, too.
  if (revision.split("/").some((part) => part === "" || part === "." || part === "..")) return undefined;
  return { type, name: match[1], revision };
}

/** As huggingface_hub's `validate_repo_id`: in the cache `--` stands for the slash, so no name may have one. */
function isRepoName(name: string): boolean {
  const isPart = (part: string) => part.length <= 96 && /^\w(?:[\w.-]*\w)?$/.test(part);
  return name.split("/").every(isPart) && !/--|\.\.|\.git$/.test(name);
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

function repoFolder({ type, name }: Repo): string {
  return join(huggingFaceCache(), `${type}s--${name.replaceAll("/", "--")}`);
}

/** Where the files of one commit lie, whether or not they are there. */
export function snapshotFolder(repo: Repo, commit: string): string {
  return join(repoFolder(repo), "snapshots", commit);
}

/** The snapshot of the repository's revision, as it was when it was last asked for; undefined if there is none. */
export function cachedSnapshot(repo: Repo): string | undefined {
  const reference = join(repoFolder(repo), "refs", repo.revision);
  const commit = existsSync(reference) ? readFileSync(reference, "utf8").trim() : repo.revision;
  const snapshot = snapshotFolder(repo, commit);
  return existsSync(snapshot) ? snapshot : undefined;
}

/** @param hash  of the content, as the hub names it: in hexadecimal digits. */
export function blobPath(repo: Repo, hash: string): string {
  return join(repoFolder(repo), "blobs", hash);
}

/** Puts a blob into the snapshot of a commit under its file's name. */
export async function linkBlob(repo: Repo, commit: string, path: string, hash: string): Promise<void> {
  const link = join(snapshotFolder(repo, commit), safePath(path, `the hub's listing of ${repo.name}`));
  await mkdir(dirname(link), { recursive: true });
  // Made beside and renamed: a program that looks meanwhile finds the file, or finds none.
  const beside = besideName(link);
  await symlink(relative(dirname(link), blobPath(repo, hash)), beside);
  await rename(beside, link);
}

/** Remembers which commit a branch or tag is at. As in Python, a commit needs no such note. */
export async function writeReference(repo: Repo, commit: string): Promise<void> {
  if (repo.revision === commit) return;
  const reference = join(repoFolder(repo), "refs", repo.revision);
  if (existsSync(reference) && readFileSync(reference, "utf8") === commit) return;
  await mkdir(dirname(reference), { recursive: true });
  const beside = besideName(reference);
  try {
    await writeFile(beside, commit);
    await rename(beside, reference);
  } finally {
    await rm(beside, { force: true });
  }
}

function besideName(path: string): string {
  return `${path}.${randomBytes(4).toString("hex")}.tmp`;
}
