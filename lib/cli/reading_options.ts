import type { ReadOptions } from "../data/read_examples.ts";
import type { Encoding } from "../data/read_text.ts";
import { resolveLabelNames } from "../data/tags.ts";

interface Given {
  datasetFormat?: string;
  encoding?: Encoding;
  textColumnName?: string;
  labelColumnName?: string;
  labelNames?: readonly string[];
}

/**
 * How a command's files of sentences are read, as the readers take it.
 * @throws {TorchnerError} As `resolveLabelNames` does.
 */
export async function readingOptions(values: Given): Promise<Omit<ReadOptions, "labels">> {
  const { labelNames: names } = values;
  return {
    format: values.datasetFormat,
    encoding: values.encoding,
    textColumn: values.textColumnName,
    labelColumn: values.labelColumnName,
    // A single name is the path of a file with one name a line.
    labelNames: names && (await resolveLabelNames(names.length === 1 ? names[0]! : names)),
  };
}
