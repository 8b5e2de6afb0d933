/** Which files of a folder are train, validation and test, by their names. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { isSavedDataset } from "./arrow_reader.ts";
import type { SplitName } from "./dataset.ts";

/** Looked for in this order: "eng.testa" is CoNLL-2003's validation file. */
const splits: readonly (readonly [SplitName, RegExp])[] = [
  ["train", /train/i],
  ["validation", /valid|testa|(?<![a-z])(dev|val)(?![a-z])/i],
  ["test", /test|(?<![a-z])eval/i],
];

/** Files that lie beside data and are none. */
const others =
  /^(\.|readme|licen[cs]e|dataset_infos?\.json|state\.json|.*\.(md|py|sh|pdf|yaml|yml|lock|toml|html)$)/i;

/** `train-00000-of-00002.parquet`: a part of a split. */
const shard = /-\d{5}-of-(\d{5})(-[0-9a-f]+)?(?=\.)/;

/**
 * @param folder  With files of any format that is read, here or one or two folders down (as on the hub, in `data/`), or
 *   what `save_to_disk` has written.
 * @param named  Splits whose files are known already, and are not looked for.
 * @throws {TorchnerError} `EDATA` where no file can be told to be train, validation or test, or several can.
 */
export function findSplits(
  folder: string,
  named: readonly string[] = [],
): Partial<Record<SplitName, string[]>> {
  if (existsSync(join(folder, "dataset_dict.json"))) return savedSplits(folder, named);
  if (isSavedDataset(folder)) return { train: [folder] };
  const files = filesIn(folder, 2);
  const found: Partial<Record<SplitName, string[]>> = {};
  for (const file of files) {
    const split = splitOfName(basename(file)) ?? splitOfFolder(folder, file);
    if (split && !named.includes(split)) found[split] = [...(found[split] ?? []), file];
  }
  return checked(
    folder,
    found,
    named,
    files.map((file) => relative(folder, file)),
  );
}

function splitOfName(name: string): SplitName | undefined {
  return splits.find(([, pattern]) => pattern.test(name))?.[0];
}

function checked(
  folder: string,
  found: Partial<Record<SplitName, string[]>>,
  named: readonly string[],
  names: readonly string[],
): Partial<Record<SplitName, string[]>> {
  if (Object.keys(found).length === 0 && named.length === 0) {
    const shown = names.length > 0 ? ` among ${names.slice(0, 8).join(", ")}` : "";
    throw new TorchnerError(
      "EDATA",
      `${folder}: no file with train, validation (dev) or test in its name${shown}; ` +
        "name the files: train, validation, test (--train-file, --validation-file, --test-file).",
    );
  }
  for (const [split, paths] of Object.entries(found)) checkOneFile(folder, split as SplitName, paths);
  return found;
}

/** `train/part.jsonl`, `config/train/0000.parquet` */
function splitOfFolder(root: string, file: string): SplitName | undefined {
  const folders = relative(root, file).split(/[\\/]/).slice(0, -1).reverse();
  return folders.flatMap((folder) => splitOfName(folder) ?? [])[0];
}

/** `save_to_disk` of several splits: a folder each. */
function savedSplits(folder: string, named: readonly string[]): Partial<Record<SplitName, string[]>> {
  const names = namesOfSplits(join(folder, "dataset_dict.json")).map((name) => basename(name));
  const found: Partial<Record<SplitName, string[]>> = {};
  for (const [split] of splits) {
    if (named.includes(split)) continue;
    const own = names.filter((name) => splitOfName(name) === split);
    const chosen = own.includes(split) ? [split] : own;
    if (chosen.length > 0) found[split] = chosen.map((name) => join(folder, name));
  }
  return checked(folder, found, named, names);
}

function namesOfSplits(file: string): string[] {
  try {
    const { splits: names } = JSON.parse(readFileSync(file, "utf8")) as { splits?: unknown };
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  } catch {
    // the same remedy as for a file without a list
  }
  throw new TorchnerError("EDATA", `${file}:1: does not list the splits; save the dataset again.`);
}

function filesIn(folder: string, depth: number): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (others.test(entry.name)) return [];
    if (entry.isDirectory()) return depth > 0 ? filesIn(path, depth - 1) : [];
    return [path];
  });
}

/** One file, or all the numbered parts of one, or (without numbers) what one folder called after the split holds. */
function checkOneFile(folder: string, split: SplitName, paths: readonly string[]): void {
  const whole = new Set(paths.map((path) => path.replace(shard, "")));
  const parts = paths.every((path) => shard.test(basename(path)));
  if (parts && whole.size === 1) {
    checkParts(folder, paths);
    return;
  }
  const inOneFolder =
    new Set(paths.map((path) => extname(path))).size === 1 && isSplitFolder(folder, split, paths);
  if (paths.length === 1 || inOneFolder) return;
  throw new TorchnerError(
    "EDATA",
    `${folder}: several files may be ${split}: ${paths.map((path) => relative(folder, path)).join(", ")}; ` +
      `name the one you mean with ${split} (--${split}-file).`,
  );
}

/** A download that broke off should not pass for the whole. */
function checkParts(folder: string, paths: readonly string[]): void {
  const total = Number(shard.exec(basename(paths[0]!))![1]);
  if (paths.length === total) return;
  throw new TorchnerError(
    "EDATA",
    `${folder}: ${paths.length} of ${total} parts are there (${paths.map((path) => relative(folder, path)).join(", ")}); ` +
      "fetch the others, or name the file.",
  );
}

/** All in one folder that is, or lies in one that is, called after the split. */
function isSplitFolder(folder: string, split: SplitName, paths: readonly string[]): boolean {
  return new Set(paths.map((path) => dirname(path))).size === 1 && splitOfFolder(folder, paths[0]!) === split;
}
