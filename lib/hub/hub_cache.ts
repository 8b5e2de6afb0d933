/** Reads the cache that huggingface_hub keeps on disk; nothing is written there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { homeFolder } from "../../third_party/paths.mjs";

/** The folder of huggingface_hub's cache, found by its own variables. */
export function huggingFaceCache(): string {
  if (process.env.HF_HUB_CACHE) return process.env.HF_HUB_CACHE;
  const cache = process.env.XDG_CACHE_HOME || join(homeFolder(), ".cache");
  return join(process.env.HF_HOME || join(cache, "huggingface"), "hub");
}

/**
 * The folder that holds a downloaded model: `models--org--name/snapshots/<commit>`, where `refs/<revision>`
 * names the commit. Undefined when the model or that revision is not there.
 *
 * @param id  `org/name` or `name`, with `@revision` for another than `main`.
 */
export function hubSnapshot(id: string): string | undefined {
  const match = /^((?:[\w-][\w.-]*\/)?[\w-][\w.-]*)(?:@([\w./-]+))?$/.exec(id);
  if (!match?.[1]) return undefined;
  const revision = match[2] ?? "main";
  // A revision is a part of a path here.
  if (revision.split("/").includes("..")) return undefined;
  const folder = join(huggingFaceCache(), `models--${match[1].replaceAll("/", "--")}`);
  const reference = join(folder, "refs", revision);
  const commit = existsSync(reference) ? readFileSync(reference, "utf8").trim() : revision;
  const snapshot = join(folder, "snapshots", commit);
  return existsSync(snapshot) ? snapshot : undefined;
}
