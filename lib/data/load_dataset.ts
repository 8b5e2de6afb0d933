import { fileAt } from "../files/file_at.ts";
import { resolveDatasetRepo } from "../hub/dataset_repo.ts";
import { checkOptions, checkText, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { type AbsenceIn, DatasetDict, type Only, type SplitName, splitNames } from "./dataset.ts";
import { findSplits } from "./find_splits.ts";
import { describeNote } from "./notes.ts";
import { type ReadOptions, readExamples } from "./read_examples.ts";
import { resolveLabelNames } from "./tags.ts";
import type { DataNote, Example } from "./types.ts";

export interface LoadDatasetOptions
  extends Pick<ReadOptions, "format" | "textColumn" | "labelColumn" | "encoding"> {
  /** Paths of data files, or of folders of `save_to_disk` or brat; at least one. A test file may come without tags. */
  train?: string;
  validation?: string;
  test?: string;
  /** Instead of them: a folder with files found by name, a dataset of `save_to_disk`, or a hub id `org/name[@revision]`. */
  dataset?: string;
  /**
   * All labels in the order of their ids, and so the names of integer tags: an array, `"a,b,c"`, or the path
   * of a file with one name a line. Default: the names that the files themselves have for integer tags, else the tags
   * of train, sorted by code point.
   */
  labelNames?: readonly string[] | string;
  /** Takes what `notes` of the result hold, and a line for a long download; default: lines on standard error. */
  log?: (line: string) => void;
}

const optionNames = [
  "train",
  "validation",
  "test",
  "dataset",
  "format",
  "labelNames",
  "textColumn",
  "labelColumn",
  "encoding",
  "log",
] as const;

/**
 * Reads the data of one task: files by their paths, or (a text alone) a folder or a dataset of the hub, whose files are
 * found by name. The format follows from name and content unless it is given. `notes` of the result tell what reading
 * has changed or left out, and `log` says it.
 *
 * @throws {TorchnerError} `EARG` for an option; `EIO` for a file that cannot be read; `EDATA` naming file:line
 *   for its content, a tag in validation or test that train lacks included.
 */
export async function loadDataset(folderOrId: string): Promise<DatasetDict>;
export async function loadDataset<const O extends LoadDatasetOptions>(
  options: Only<O, LoadDatasetOptions>,
): Promise<DatasetDict<AbsenceIn<O>>>;
export async function loadDataset(given: string | LoadDatasetOptions): Promise<DatasetDict> {
  const options = typeof given === "string" ? { dataset: given } : given;
  checkOptions("loadDataset", options, optionNames);
  const { log = (line) => void process.stderr.write(`${line}\n`) } = options;
  const files = await filesOf(options, log);
  const labelNames =
    options.labelNames === undefined ? undefined : await resolveLabelNames(options.labelNames);
  const { format, textColumn, labelColumn, encoding } = options;
  const read = { format, textColumn, labelColumn, labelNames, encoding };
  const notes: DataNote[] = [];
  const ownNames: Partial<Record<SplitName, string[]>> = {};
  const split = async (name: SplitName): Promise<Example[] | undefined> => {
    const paths = files[name];
    if (paths === undefined) return undefined;
    const examples: Example[] = [];
    for (const path of paths) {
      const found = await readExamples(path, { ...read, labels: name === "test" ? "optional" : "required" });
      for (const example of found.examples) examples.push(example);
      notes.push(...found.notes);
      ownNames[name] ??= found.labelNames;
    }
    return examples;
  };
  // One after the other, so that of several faults the same one is reported every time.
  const train = await split("train");
  const validation = await split("validation");
  const test = await split("test");
  for (const note of notes) log(describeNote(note));
  // A model learns the labels of train, whatever names the other files know.
  const stored = train ? ownNames.train : (ownNames.validation ?? ownNames.test);
  return new DatasetDict({ train, validation, test, labels: labelNames ?? stored, notes });
}

/** Files of each split; one that is named goes before what a folder holds. */
async function filesOf(
  options: LoadDatasetOptions,
  log: (line: string) => void,
): Promise<Partial<Record<SplitName, string[]>>> {
  const { dataset } = options;
  const files: Partial<Record<SplitName, string[]>> = {};
  for (const name of splitNames) {
    const path = options[name];
    if (path !== undefined) files[name] = [path];
  }
  if (dataset !== undefined) return { ...(await filesOfDataset(dataset, files, log)), ...files };
  if (Object.keys(files).length > 0) return files;
  throw new TorchnerError(
    "EARG",
    "loadDataset has no file; give at least one of train, validation, test, or a dataset.",
  );
}

async function filesOfDataset(
  dataset: string,
  named: Partial<Record<SplitName, string[]>>,
  log: (line: string) => void,
): Promise<Partial<Record<SplitName, string[]>>> {
  if (typeof dataset !== "string" || dataset === "") {
    throw new TorchnerError(
      "EARG",
      `dataset is ${kindOf(dataset)}; give a folder, or the id of a dataset on the hub.`,
    );
  }
  checkText("dataset", dataset);
  const found = fileAt(dataset);
  if (found?.isFile()) {
    throw new TorchnerError("EARG", `${dataset} is a file; give { train: ${JSON.stringify(dataset)} }.`);
  }
  if (!found && /\.(txt|conll|iob2?|bio|tsv|csv|jsonl?|ndjson|parquet|arrow)$/i.test(dataset)) {
    throw new TorchnerError("EIO", `${dataset}: no such file; check the path.`);
  }
  // As in Python, a folder goes before a hub id of the same name.
  return findSplits(found ? dataset : await resolveDatasetRepo(dataset, { log }), Object.keys(named));
}
