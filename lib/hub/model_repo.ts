/** Which files of a model's repository a token classifier needs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import type { RepoFile } from "./blob.ts";
import type { Log } from "./client.ts";
import type { Repo } from "./hub_cache.ts";
import { shardNames } from "./shard_index.ts";
import { hasOne, snapshot, type Wanted } from "./snapshot.ts";

/** The configuration and whatever a tokenizer is read from. */
export const smallFiles = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.txt",
];

/** Weights in transformers' order of preference; an index stands for the files that it names. */
export const weightFiles = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];

export interface ModelRepoOptions {
  /** Whether the weights are needed; a tokenizer is downloaded without them. */
  weights: boolean;
  /** A file without which a cached snapshot will not do. */
  requires: string | null;
  log: Log;
}

/** The local snapshot of a model's repository, downloaded where the cache lacks something. */
export function resolveModelRepo(repo: Repo, { weights, requires, log }: ModelRepoOptions): Promise<string> {
  const wanted: Wanted = {
    async choose(files, read) {
      const small = files.filter(({ path }) => smallFiles.includes(path));
      return weights ? [...small, ...(await chooseWeights(repo, files, read, log))] : small;
    },
    lacks(folder) {
      if (requires && !existsSync(join(folder, requires))) return requires;
      if (weights) return lacksWeights(folder);
      return hasOne(folder, ["tokenizer.json", "vocab.txt"]) ? undefined : "the tokenizer";
    },
  };
  return snapshot(repo, wanted, log);
}

async function chooseWeights(
  repo: Repo,
  files: readonly RepoFile[],
  read: (file: RepoFile) => Promise<string>,
  log: Log,
): Promise<RepoFile[]> {
  const named = new Map(files.map((file) => [file.path, file]));
  const first = weightFiles.map((name) => named.get(name)).find((file) => file !== undefined);
  if (!first) {
    // The loader refuses the folder; only here is it known what there is instead.
    const others = files.map(({ path }) => path).filter((path) => /\.(h5|msgpack|onnx|ot|gguf)$/.test(path));
    log(`${repo.name} has no weights that torchner reads (${weightFiles.join(", ")})${beside(others)}`);
    return [];
  }
  if (!first.path.endsWith(".index.json")) return [first];
  const index = `${first.path} of ${repo.name}`;
  const shards = shardNames(await read(first), index).map((name) => {
    const shard = named.get(name);
    if (shard) return shard;
    throw new TorchnerError(
      "ECHECKPOINT",
      `${index} names ${name}, which is not in the repository; choose another revision`,
    );
  });
  return [first, ...shards];
}

function beside(others: readonly string[]): string {
  return others.length > 0 ? `, but ${others.slice(0, 3).join(", ")}` : "";
}

function lacksWeights(folder: string): string | undefined {
  const first = weightFiles.find((name) => existsSync(join(folder, name)));
  if (!first) return "the weights file";
  if (!first.endsWith(".index.json")) return undefined;
  const path = join(folder, first);
  try {
    const shards = shardNames(readFileSync(path, "utf8"), path);
    return shards.find((name) => !existsSync(join(folder, name)));
  } catch {
    return first; // a broken index is as good as none, and is downloaded again
  }
}
