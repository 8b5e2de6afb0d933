/** The index of a checkpoint whose weights lie in several files (`model.safetensors.index.json`). */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { safePath } from "./safe_path.ts";

/**
 * The files that an index names, absolute and each once, in the order of their names.
 *
 * @param indexPath  `*.index.json` as transformers writes it: `weight_map` from tensor to file.
 * @throws {TorchnerError} `ECHECKPOINT` when the index cannot be read, names a file outside its folder, or a
 *   file that is not there; `EIO` when there is no index.
 */
export async function readShardIndex(indexPath: string): Promise<string[]> {
  const text = await readFile(indexPath, "utf8").catch((error: Error) => {
    throw new TorchnerError("EIO", `${indexPath} cannot be read: ${error.message}`, { cause: error });
  });
  const folder = dirname(resolve(indexPath));
  const shards = shardNames(text, indexPath).map((name) => join(folder, name));
  const missing = shards.find((shard) => !existsSync(shard));
  if (missing)
    throw new TorchnerError(
      "ECHECKPOINT",
      `${indexPath} names ${missing}, which is not there; copy or download the whole checkpoint again`,
    );
  return shards;
}

/**
 * The file names in an index's text, each once, sorted; relative to the index.
 * @param source  what a message calls the index.
 */
export function shardNames(text: string, source: string): string[] {
  const names = new Set<string>();
  for (const name of Object.values(weightMap(text, source))) names.add(safePath(name, source));
  if (names.size === 0)
    throw new TorchnerError("ECHECKPOINT", `${source} has an empty weight_map; save the model again`);
  return [...names].sort();
}

function weightMap(text: string, source: string): Record<string, unknown> {
  try {
    const map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
    if (typeof map === "object" && map !== null && !Array.isArray(map)) return map as Record<string, unknown>;
  } catch (error) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `${source} is not JSON (${(error as Error).message}); save or download the model again`,
      { cause: error },
    );
  }
  throw new TorchnerError(
    "ECHECKPOINT",
    `${source} has no weight_map from tensor names to files; save or download the model again`,
  );
}
