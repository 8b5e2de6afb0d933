/** The cache that Python's huggingface_hub keeps: `models--org--name/{refs,snapshots}`. Only read here. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The snapshot folder of `org/name[@revision]`, or undefined where it is not (wholly) there. */
export function cachedSnapshot(id: string): string | undefined {
  const [name, revision = "main"] = id.split("@") as [string, string?];
  const repository = join(cacheRoot(), `models--${name.replaceAll("/", "--")}`);
  const reference = join(repository, "refs", revision);
  const commit = existsSync(reference) ? readFileSync(reference, "utf8").trim() : revision;
  const snapshot = join(repository, "snapshots", commit);
  return existsSync(join(snapshot, "config.json")) ? snapshot : undefined;
}

function cacheRoot(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HUB_CACHE) return HF_HUB_CACHE;
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"), "hub");
}
