/** Dataset repositories: their data files, as a local folder. */
import { existsSync, readdirSync } from "node:fs";
import { TorchnerError } from "../native/errors.ts";
import type { Log } from "./client.ts";
import { parseRepoId } from "./hub_cache.ts";
import { snapshot, type Wanted } from "./snapshot.ts";

/** Formats that `loadDataset` reads. */
const dataFile = /\.(csv|tsv|json|jsonl|txt|conll|parquet|arrow)$/i;
/** A card may tell the configurations and the names of integer tags. */
const descriptions = ["README.md", "dataset_infos.json"];

export interface DatasetRepoOptions {
  /** Takes a line for each large file and for what is not as usual; default: standard error. */
  log?: Log;
}

/**
 * The local snapshot folder of a dataset repository on the hub, with its data files in their folders, downloaded
 * where Hugging Face's cache lacks them.
 *
 * @param id  `org/name` or `name`, with `@revision` for another than `main`.
 * @throws {TorchnerError} `EARG` when that is no id, `EDATA` when the repository has no data files, `ECHECKPOINT`
 *   where there is no such repository or revision, `EENV` where the hub cannot be reached or refuses this user,
 *   `EIO` for a download that stays broken and a full disk.
 */
export async function resolveDatasetRepo(id: string, options: DatasetRepoOptions = {}): Promise<string> {
  const { log = (line) => void process.stderr.write(`${line}\n`) } = options;
  const repo = parseRepoId("dataset", id);
  if (!repo)
    throw new TorchnerError(
      "EARG",
      `${JSON.stringify(id)} is no dataset on the hub; give org/name or name, with @revision where it is not main`,
    );
  const wanted: Wanted = {
    async choose(files) {
      const data = files.filter(({ path }) => isData(path));
      if (data.length === 0)
        throw noData(
          id,
          files.map(({ path }) => path),
        );
      return [...files.filter(({ path }) => descriptions.includes(path)), ...data];
    },
    lacks: (folder) => (hasData(folder) ? undefined : "a data file"),
  };
  return snapshot(repo, wanted, log);
}

function isData(path: string): boolean {
  return (
    dataFile.test(path) &&
    !descriptions.includes(path) &&
    !path.split("/").some((part) => part.startsWith("."))
  );
}

function hasData(folder: string): boolean {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: "utf8" }).some((path) => isData(path))
  );
}

function noData(id: string, paths: readonly string[]): TorchnerError {
  const name = id.split("@")[0];
  const remedy = paths.some((path) => path.endsWith(".py"))
    ? `it has a program that makes the data, which torchner does not run; the hub keeps a converted copy: give ` +
      `${name}@refs/convert/parquet`
    : `it has ${paths.slice(0, 5).join(", ") || "no files"}; unpack or convert them, and give the files`;
  return new TorchnerError("EDATA", `the dataset ${id} has no data file of a known format: ${remedy}`);
}
