/** From a folder on this machine to a model's repository on the hub. */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { CommitOutput } from "@huggingface/hub";
import { checkFlag, checkOptions, checkText } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { hasContentOf } from "./blob.ts";
import { hubFetch, type Log, placeholderToken, withRetry } from "./client.ts";
import { HubFailure } from "./failure.ts";
import { parseRepoId, type Repo } from "./hub_cache.ts";
import { smallFiles } from "./model_repo.ts";
import { hubEndpoint, hubToken, isOffline } from "./settings.ts";
import { commitOf, listFiles } from "./snapshot.ts";

export interface PushOptions {
  /** `org/name`, or `name` for a repository of the token's owner. */
  repoId: string;
  /** For a repository that is made now; default: what the organisation has chosen. */
  private?: boolean;
  /** Branch, made if missing; default `main`. */
  revision?: string;
  commitMessage?: string;
  /** Names of files to leave out; `*` stands for any part of a name. */
  ignore?: readonly string[];
  /** Takes a line when something is tried again; default: standard error. */
  log?: Log;
}

const optionNames = ["repoId", "private", "revision", "commitMessage", "ignore", "log"];

/** A list of what goes, not of what stays: a folder may hold anything, and what is published stays published. */
const published = [...smallFiles, "README.md", "LICENSE"];
const weightsFile = /^(model|pytorch_model)(-\d+-of-\d+)?\.(safetensors|bin)$/;
const shardIndex = /^(model\.safetensors|pytorch_model\.bin)\.index\.json$/;

/**
 * Uploads a model folder's configuration, weights, tokenizer and model card as one commit. Checkpoints,
 * optimizer states and whatever else lies in the folder stay here.
 *
 * @param folder  as `saveModel` or `save_pretrained` wrote it.
 * @returns the repository's page, and the commit.
 * @throws {TorchnerError} `EARG` for wrong options, `ECHECKPOINT` for a folder that holds no model or a file
 *   with the token in it, `EENV` without a token, without the right to write, or where the hub cannot be reached.
 */
export async function pushToHub(
  folder: string,
  options: PushOptions,
): Promise<{ url: string; commit: string }> {
  check(options);
  const { log = (line) => void process.stderr.write(`${line}\n`), revision = "main" } = options;
  const token = requireToken();
  const names = filesToPublish(folder, options.ignore ?? []);
  await refuseTokenInText(folder, names, token);
  const hub = { hubUrl: hubEndpoint(), fetch: hubFetch, accessToken: placeholderToken };
  const name = await fullName(options.repoId, hub, log);
  const repo = { type: "model", name } as const;
  await createIfMissing(repo, options.private, hub, log);
  if (revision !== "main") await createBranchIfMissing(repo, revision, hub, log);
  const title = options.commitMessage ?? "Upload a model that torchner trained";
  const files = names.map((name) => ({ path: name, here: resolve(folder, name) }));
  const commit = await upload({ ...repo, revision }, files, title, hub, log);
  return { url: `${hub.hubUrl}/${name}`, commit };
}

interface OutgoingFile {
  /** In the repository. */
  path: string;
  /** On this machine. */
  here: string;
}

/** @returns the commit. */
async function upload(
  repo: Repo,
  files: readonly OutgoingFile[],
  title: string,
  hub: Hub,
  log: Log,
): Promise<string> {
  const { uploadFiles } = await import("@huggingface/hub");
  const work = async () => {
    const made = await uploadFiles({
      ...hub,
      repo: { type: repo.type, name: repo.name },
      branch: repo.revision,
      commitTitle: title,
      files: files.map(({ path, here }) => ({ path, content: pathToFileURL(here) })),
      useXet: false, // plain HTTP, as for downloads
    });
    return (made as CommitOutput).commit.oid;
  };
  // The requests before the commit bear a repeat: what they send lies under its hash. A second commit would stand in
  // the history, and over what somebody else committed in between.
  return withRetry(`/api/models/${repo.name}/commit/${repo.revision}`, log, work, () =>
    commitWith(repo, files, log),
  );
}

/** The commit that the branch is at, if its files are these. */
async function commitWith(repo: Repo, files: readonly OutgoingFile[], log: Log): Promise<string | undefined> {
  const commit = await commitOf(repo, log);
  const there = new Map((await listFiles(repo, commit, log)).map((file) => [file.path, file]));
  for (const { path, here } of files) {
    const file = there.get(path);
    if (!file || !(await hasContentOf(file, here))) return undefined;
  }
  return commit;
}

function check(options: PushOptions): void {
  checkOptions("pushToHub", options, optionNames);
  checkText("repoId", options.repoId);
  checkFlag("private", options.private);
  for (const name of ["revision", "commitMessage"] as const)
    if (options[name] !== undefined) checkText(name, options[name]);
  const id = `${options.repoId}@${options.revision ?? "main"}`;
  if (options.repoId.includes("@") || !parseRepoId("model", id))
    throw new TorchnerError(
      "EARG",
      `repoId ${JSON.stringify(options.repoId)} with revision ${JSON.stringify(options.revision ?? "main")} is no place ` +
        "on the hub; give org/name or name as repoId and a branch as revision",
    );
}

function requireToken(): string {
  if (isOffline())
    throw new TorchnerError("EENV", "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids to upload; unset them");
  const token = hubToken();
  if (token) return token;
  throw new TorchnerError(
    "EENV",
    "an upload needs a token that may write: set HF_TOKEN or run `hf auth login` (tokens are made in the settings of " +
      `your account at ${hubEndpoint()})`,
  );
}

/** @throws {TorchnerError} `ECHECKPOINT` where no model is left to upload. */
function filesToPublish(folder: string, ignore: readonly string[]): string[] {
  const ignored = ignore.map((pattern) => new RegExp(`^${pattern.split("*").map(literal).join(".*")}$`));
  const names = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => published.includes(name) || weightsFile.test(name) || shardIndex.test(name))
    .filter((name) => !ignored.some((pattern) => pattern.test(name)))
    .sort();
  if (names.includes("config.json") && names.some((name) => weightsFile.test(name))) return names;
  const ignoring = ignore.length > 0 ? ` (without ${ignore.join(", ")})` : "";
  throw new TorchnerError(
    "ECHECKPOINT",
    `${folder}${ignoring} has no config.json with weights beside it; give the folder that saveModel wrote`,
  );
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A token in a model card would be public for good. */
async function refuseTokenInText(folder: string, names: readonly string[], token: string): Promise<void> {
  for (const name of names.filter((name) => !weightsFile.test(name)))
    if ((await readFile(join(folder, name), "utf8")).includes(token))
      throw new TorchnerError(
        "ECHECKPOINT",
        `${join(folder, name)} has the hub's token in its text; take it out before it is published`,
      );
}

/** What each call of the package is given. */
interface Hub {
  hubUrl: string;
  fetch: typeof fetch;
  accessToken: string;
}

/** As in Python, a name alone means the owner of the token. */
async function fullName(repoId: string, hub: Hub, log: Log): Promise<string> {
  if (repoId.includes("/")) return repoId;
  const { whoAmI } = await import("@huggingface/hub");
  const { name } = await withRetry("/api/whoami-v2", log, () => whoAmI(hub));
  return `${name}/${repoId}`;
}

/** Looks first: who may write to a repository need not have the right to make one. */
async function createIfMissing(
  repo: { type: "model"; name: string },
  isPrivate: boolean | undefined,
  hub: Hub,
  log: Log,
): Promise<void> {
  const { createRepo, modelInfo } = await import("@huggingface/hub");
  const found = await withRetry(`/api/models/${repo.name}`, log, () =>
    modelInfo({ ...hub, name: repo.name }),
  ).catch(unless((failure) => failure.kind === "missing" || failure.kind === "denied"));
  if (found) return;
  const visibility = isPrivate === undefined ? undefined : isPrivate ? "private" : "public";
  await withRetry("/api/repos/create", log, () => createRepo({ ...hub, repo, visibility })).catch(
    unless(isThere),
  );
}

async function createBranchIfMissing(
  repo: { type: "model"; name: string },
  branch: string,
  hub: Hub,
  log: Log,
): Promise<void> {
  const { createBranch } = await import("@huggingface/hub");
  await withRetry(`/api/models/${repo.name}/branch/${branch}`, log, () =>
    createBranch({ ...hub, repo, branch }),
  ).catch(unless(isThere));
}

/** A first try whose answer was lost may have made it; so may another program. */
function isThere({ status }: HubFailure): boolean {
  return status === 409;
}

/** Gives undefined in the place of an expected failure. */
function unless(isExpected: (failure: HubFailure) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof HubFailure && isExpected(error)) return undefined;
    throw error;
  };
}
