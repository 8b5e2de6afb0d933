import { checkOptions } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { type AbsenceIn, DatasetDict, type Only } from "./dataset.ts";
import { type ReadOptions, readExamples } from "./read_examples.ts";
import { resolveLabelNames } from "./tags.ts";

export interface LoadDatasetOptions extends Pick<ReadOptions, "format" | "textColumn" | "labelColumn"> {
  /** Paths of column or JSON lines files; at least one. A test file may come without tags. */
  train?: string;
  validation?: string;
  test?: string;
  /**
   * All labels in the order of their ids, and so the names of integer tags: an array, `"a,b,c"`, or the path
   * of a file with one name a line. Default: the tags of train, sorted by code point.
   */
  labelNames?: readonly string[] | string;
}

const optionNames = [
  "train",
  "validation",
  "test",
  "format",
  "labelNames",
  "textColumn",
  "labelColumn",
] as const;

/**
 * Reads the files of one task. Column files: blanks or tabs, words in column 0 and tags in the last unless told
 * otherwise. JSON lines: keys `tokens` and `ner_tags`.
 *
 * @throws {TorchnerError} `EARG` for an option; `EIO` for a file that cannot be read; `EDATA` naming file:line
 *   for its content, a tag in validation or test that train lacks included.
 */
export async function loadDataset<const O extends LoadDatasetOptions>(
  options: Only<O, LoadDatasetOptions>,
): Promise<DatasetDict<AbsenceIn<O>>> {
  checkOptions("loadDataset", options, optionNames);
  const { train, validation, test, format, textColumn, labelColumn }: LoadDatasetOptions = options;
  if (train === undefined && validation === undefined && test === undefined) {
    throw new TorchnerError("EARG", "loadDataset has no file; give at least one of train, validation, test.");
  }
  const labelNames =
    options.labelNames === undefined ? undefined : await resolveLabelNames(options.labelNames);
  const read = { format, textColumn, labelColumn, labelNames };
  // One after the other, so that of several faults the same one is reported every time.
  return new DatasetDict({
    train: train === undefined ? undefined : await readExamples(train, read),
    validation: validation === undefined ? undefined : await readExamples(validation, read),
    test: test === undefined ? undefined : await readExamples(test, { ...read, labels: "optional" }),
    labels: labelNames,
  });
}
