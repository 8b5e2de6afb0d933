/** One file from the hub to the cache, checked against the hash that the hub's listing gives. */
import { createHash, type Hash, randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { FileDownloadInfoOutput } from "@huggingface/hub";
import { piecesOf } from "../files/pieces.ts";
import { TorchnerError } from "../native/errors.ts";
import { hubFetch, hubStream, type Log, withRetry } from "./client.ts";
import { HubFailure } from "./failure.ts";
import { blobPath, type Repo } from "./hub_cache.ts";
import { hubEndpoint } from "./settings.ts";

/** A file as the hub's listing tells of it. */
export interface RepoFile {
  path: string;
  /** Bytes. */
  size: number;
  /** SHA-256 of a large file (64 digits), git's SHA-1 of a small one (40 digits); names the blob. */
  hash: string;
}

/** Files over this size are announced before they are downloaded. */
const largeFile = 5e6;

/**
 * Downloads a file's content unless the cache has it. A content that is not what the listing announced is
 * deleted and asked for once more.
 *
 * @throws {HubFailure} when that fails; `EIO` for a full or read-only disk.
 */
export async function fetchBlob(repo: Repo, commit: string, file: RepoFile, log: Log): Promise<void> {
  const target = blobPath(repo, file.hash);
  // Another size than announced is left over from a crash, of whatever program.
  if (statSync(target, { throwIfNoEntry: false })?.size === file.size) return;
  const size = file.size > largeFile ? ` (${(file.size / 1e6).toFixed(0)} MB)` : "";
  if (size) log(`downloading ${file.path}${size} of ${repo.name}`);
  await explainDisk(target, async () => {
    await mkdir(dirname(target), { recursive: true });
    await dropAbandoned(dirname(target));
  });
  const path = requestPath(repo, commit, file);
  await withRetry(path, log, () => download(repo, commit, file, target));
}

async function download(repo: Repo, commit: string, file: RepoFile, target: string): Promise<void> {
  // No range of an empty file can be asked for.
  const content = file.size > 0 ? hubStream(await addressOf(repo, commit, file)) : Readable.from([]);
  const incomplete = `${target}.torchner-${randomBytes(4).toString("hex")}.incomplete`;
  try {
    await explainDisk(target, () => writeChecked(incomplete, content, file, requestPath(repo, commit, file)));
    await explainDisk(target, () => rename(incomplete, target));
  } finally {
    await rm(incomplete, { force: true });
  }
}

/** Asks the hub for the file: this is where it says that a repository is gated. */
async function addressOf(repo: Repo, commit: string, file: RepoFile): Promise<string> {
  const { fileDownloadInfo } = await import("@huggingface/hub");
  const info = await fileDownloadInfo({
    repo: { type: repo.type, name: repo.name },
    path: encoded(file.path), // the package puts it into the address as it is
    revision: commit,
    hubUrl: hubEndpoint(),
    fetch: hubFetch,
  });
  // Null would mean "not found", and there `hubFetch` has thrown.
  return (info as FileDownloadInfoOutput).url;
}

async function writeChecked(
  incomplete: string,
  pieces: AsyncIterable<Uint8Array>,
  file: RepoFile,
  path: string,
): Promise<void> {
  const hash = hashFor(file);
  let bytes = 0;
  const output = await open(incomplete, "wx");
  try {
    for await (const piece of untilCutOff(pieces, file, path)) {
      bytes += piece.byteLength;
      if (bytes > file.size) break; // whatever follows, it is another file
      hash.update(piece);
      await output.appendFile(piece); // unlike write, never a part of it
    }
    // What is renamed into place must be on the disk by then, or a power cut leaves a blob of zeros.
    await output.sync();
  } finally {
    await output.close();
  }
  const found = hash.digest("hex");
  if (bytes === file.size && found === file.hash) return;
  const came = bytes > file.size ? `more than ${file.size} bytes` : `the ${hashName(file)} ${found}`;
  throw new HubFailure(
    "corrupt",
    `${path} came with ${came} instead of ${file.hash} and was deleted; a proxy or mirror on the way changes files: ` +
      `check HF_ENDPOINT (${hubEndpoint()})`,
  );
}

/** The pieces of a file; a connection that breaks in the middle is a failure which tells how far it came. */
async function* untilCutOff(
  pieces: AsyncIterable<Uint8Array>,
  file: RepoFile,
  path: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const cutOff = (cause?: unknown) =>
    new HubFailure(
      "cut off",
      `${path} broke off after ${bytes} of ${file.size} bytes and was deleted; check the network, then try again`,
      { cause },
    );
  try {
    for await (const piece of pieces) {
      bytes += piece.byteLength;
      yield piece;
    }
  } catch (error) {
    throw bytes > 0 ? cutOff(error) : error;
  }
  if (bytes < file.size) throw cutOff();
}

/** Whether a file on this machine has the content of one in the hub's listing. */
export async function hasContentOf(file: RepoFile, path: string): Promise<boolean> {
  if ((await stat(path)).size !== file.size) return false;
  const hash = hashFor(file);
  for await (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest("hex") === file.hash;
}

/** git hashes a small file with a header before it; a large one is stored under the SHA-256 of its content. */
function hashFor(file: RepoFile): Hash {
  if (file.hash.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${file.size}\0`);
}

function hashName(file: RepoFile): string {
  return file.hash.length === 64 ? "SHA-256" : "git SHA-1";
}

/** For messages: the path at the hub. */
function requestPath(repo: Repo, commit: string, file: RepoFile): string {
  const prefix = repo.type === "model" ? "" : `${repo.type}s/`;
  return `/${prefix}${repo.name}/resolve/${commit}/${encoded(file.path)}`;
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** A living download writes at least every few seconds, so this age means that its process was killed. */
const abandonedAfter = 3600e3;

/** Removes what downloads of this package left behind that were killed. */
async function dropAbandoned(blobs: string): Promise<void> {
  for (const name of await readdir(blobs)) {
    if (!/\.torchner-[0-9a-f]+\.incomplete$/.test(name)) continue;
    const path = join(blobs, name);
    const modified = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - modified > abandonedAfter) await rm(path, { force: true });
  }
}

/** Turns an error of the file system into `EIO` with the path and the room that is left. */
export async function explainDisk<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined || error instanceof TorchnerError) throw error;
    const folder = existsSync(dirname(path)) ? dirname(path) : dirname(dirname(path));
    const free = await statfs(folder).then(
      ({ bavail, bsize }) => ` (${((bavail * bsize) / 1e6).toFixed(0)} MB free there)`,
      () => "",
    );
    throw new TorchnerError(
      "EIO",
      `cannot write ${basename(path)} in ${dirname(path)}: ${code}${free}; make room or set HF_HOME to another folder`,
      { cause: error },
    );
  }
}
