/** The files of one commit of a repository in the cache: from there, from the hub, or both. */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { explainDisk, fetchBlob, type RepoFile } from "./blob.ts";
import { hubFetch, type Log, withRetry } from "./client.ts";
import { HubFailure } from "./failure.ts";
import {
  blobPath,
  cachedSnapshot,
  isCommit,
  linkBlob,
  type Repo,
  snapshotFolder,
  writeReference,
} from "./hub_cache.ts";
import { safePath } from "./safe_path.ts";
import { hubEndpoint, huggingFaceCache, isOffline } from "./settings.ts";

/** What somebody needs of a repository. */
export interface Wanted {
  /**
   * Chooses from the hub's listing.
   * @param read  gives the text of a listed file, for a file that names others.
   */
  choose(files: readonly RepoFile[], read: (file: RepoFile) => Promise<string>): Promise<RepoFile[]>;
  /** What a cached snapshot lacks of it; undefined if it will do where the hub cannot be asked. */
  lacks(folder: string): string | undefined;
}

/**
 * The local folder with what is wanted of a repository. The hub is asked which commit the revision is at, and
 * what the cache has of that commit is not downloaded. Where the hub cannot be asked, the cached snapshot will
 * do; a line says so, unless that was the user's wish (`HF_HUB_OFFLINE`).
 *
 * @throws {TorchnerError} `ECHECKPOINT` where there is no such repository or revision, `EENV` where the hub
 *   cannot be reached or does not let this user in, `EIO` for a download that stays broken and a full disk.
 */
export async function snapshot(repo: Repo, wanted: Wanted, log: Log): Promise<string> {
  const cached = cachedSnapshot(repo);
  const usable = cached !== undefined && wanted.lacks(cached) === undefined ? cached : undefined;
  if (isOffline()) {
    if (usable) return usable;
    throw offline(repo, cached && wanted.lacks(cached));
  }
  // A commit never changes.
  if (usable && isCommit(repo.revision)) return usable;
  try {
    return await download(repo, wanted, log);
  } catch (error) {
    if (!usable || !(error instanceof HubFailure) || !isExcused(error)) throw error;
    log(`${error.message}. Going on with the cached ${usable}`);
    return usable;
  }
}

/** A broken file is not: whoever changes files on the way should not go unnoticed. */
function isExcused({ kind }: HubFailure): boolean {
  return ["unreachable", "cut off", "busy", "denied"].includes(kind);
}

async function download(repo: Repo, wanted: Wanted, log: Log): Promise<string> {
  const commit = isCommit(repo.revision) ? repo.revision : await commitOf(repo, log);
  const files = await listFiles(repo, commit, log);
  const inSnapshot = (file: RepoFile) => join(snapshotFolder(repo, commit), file.path);
  const isThere = (file: RepoFile) =>
    statSync(inSnapshot(file), { throwIfNoEntry: false })?.size === file.size;
  const fetched = async (file: RepoFile) => {
    if (!isThere(file)) await fetchBlob(repo, commit, file, log);
  };
  const chosen = await wanted.choose(files, async (file) => {
    await fetched(file);
    return readFile(isThere(file) ? inSnapshot(file) : blobPath(repo, file.hash), "utf8");
  });
  for (const file of chosen) await fetched(file);
  // The links come when all contents are there, the reference last: a snapshot that can be found is whole.
  await explainDisk(join(huggingFaceCache(), repo.name), async () => {
    for (const file of chosen) if (!isThere(file)) await linkBlob(repo, commit, file.path, file.hash);
    await writeReference(repo, commit);
  });
  return snapshotFolder(repo, commit);
}

/**
 * The commit that the repository's revision is at.
 * The package's own download names a snapshot after each file's last commit; Python after the revision's.
 */
export async function commitOf(repo: Repo, log: Log): Promise<string> {
  const { datasetInfo, modelInfo } = await import("@huggingface/hub");
  const path = `/api/${repo.type}s/${repo.name}/revision/${repo.revision}`;
  const asked = {
    name: repo.name,
    revision: repo.revision,
    additionalFields: ["sha"] as ["sha"],
    hubUrl: hubEndpoint(),
    fetch: hubFetch,
  };
  return withRetry(path, log, async () => {
    const { sha } = await (repo.type === "model" ? modelInfo(asked) : datasetInfo(asked));
    if (typeof sha === "string" && isCommit(sha)) return sha;
    throw new HubFailure(
      "corrupt",
      `${path} names no commit; check that HF_ENDPOINT (${hubEndpoint()}) is a hub`,
    );
  });
}

/** All files of a commit, in all folders. */
export async function listFiles(repo: Repo, commit: string, log: Log): Promise<RepoFile[]> {
  const hub = await import("@huggingface/hub");
  const path = `/api/${repo.type}s/${repo.name}/tree/${commit}`;
  return withRetry(path, log, async () => {
    const files: RepoFile[] = [];
    const asked = { repo: { type: repo.type, name: repo.name }, revision: commit, recursive: true };
    for await (const entry of hub.listFiles({ ...asked, hubUrl: hubEndpoint(), fetch: hubFetch })) {
      const { type, size, oid, lfs } = entry;
      if (type !== "file") continue;
      files.push(checked({ path: entry.path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid ?? "" }, path));
    }
    return files;
  });
}

/** Names and hashes become paths, so a listing is believed only as far as it looks like one. */
function checked(file: RepoFile, path: string): RepoFile {
  safePath(file.path, path);
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(file.hash) && Number.isSafeInteger(file.size) && file.size >= 0)
    return file;
  throw new HubFailure(
    "corrupt",
    `${path} gives no size or no hash of ${file.path}; check that HF_ENDPOINT (${hubEndpoint()}) is a hub`,
  );
}

function offline(repo: Repo, lacking: string | undefined): TorchnerError {
  const id = repo.revision === "main" ? repo.name : `${repo.name}@${repo.revision}`;
  const what = lacking ? `${lacking} of ${id} is not` : `${id} is neither a folder nor`;
  return new TorchnerError(
    "ECHECKPOINT",
    `${what} in Hugging Face's cache (${huggingFaceCache()}), and HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids ` +
      "to download it; unset them, or give a folder",
  );
}

/** Whether a folder has one of some files. */
export function hasOne(folder: string, names: readonly string[]): boolean {
  return names.some((name) => existsSync(join(folder, name)));
}
