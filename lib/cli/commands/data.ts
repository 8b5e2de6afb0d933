import { writtenFormats } from "../../data/format.ts";
import { type Scheme, schemes } from "../../metrics/schemes.ts";
import { type Fault, withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import { runOptions, trainingOptions } from "../../training/options.ts";
import { type Command, type Completion, missingOption } from "../command.ts";

const reading = {
  dataset_format: runOptions.dataset_format,
  encoding: runOptions.encoding,
  label_names: runOptions.label_names,
  text_column_name: runOptions.text_column_name,
  label_column_name: runOptions.label_column_name,
} as const satisfies OptionTable;

const scheme = {
  type: "enum",
  group: "tags",
  choices: schemes.map((scheme) => scheme.toLowerCase() as Lowercase<Scheme>),
  shownDefault: "told from the tags",
  help: "scheme of the tags",
} as const;

const inspectOptions = {
  ...reading,
  scheme,
  model: {
    type: "string",
    group: "pieces",
    placeholder: "DIR",
    help: "count the pieces of this model's tokenizer too: lengths, what is over its limit, what it does not know",
  },
  max_seq_length: { ...runOptions.max_seq_length, group: "pieces" },
} as const satisfies OptionTable;

const validateOptions = {
  ...reading,
  scheme,
  all: { type: "bool", group: "output", default: false, help: "list every problem, not three of each kind" },
} as const satisfies OptionTable;

const format = {
  type: "enum",
  group: "output",
  choices: writtenFormats,
  shownDefault: "by extension",
  help: "format to write",
} as const;

const convertOptions = {
  ...reading,
  from: { ...scheme, help: "scheme of the file's tags" },
  to: { ...scheme, shownDefault: "the same", help: "scheme to write" },
  repair: {
    type: "bool",
    group: "tags",
    default: false,
    help: "read tags that the scheme does not allow as conlleval does, instead of refusing them",
  },
  format,
  output: { type: "string", group: "output", placeholder: "FILE", help: "file to write" },
} as const satisfies OptionTable;

const splitOptions = {
  ...reading,
  scheme,
  shares: {
    type: "list",
    group: "output",
    placeholder: "A,B[,C]",
    default: ["0.8", "0.1", "0.1"],
    help: "sizes of train, validation and test (or of train and test)",
  },
  seed: { ...trainingOptions.seed, group: "output", help: "seed of the division" },
  format: { ...format, shownDefault: "as the file" },
  output_dir: { type: "string", group: "output", placeholder: "DIR", help: "folder for the parts" },
} as const satisfies OptionTable;

export type ReadingOptions = Values<typeof reading>;
export type InspectOptions = Values<typeof inspectOptions>;
export type ValidateOptions = Values<typeof validateOptions>;
export type ConvertOptions = Values<typeof convertOptions>;
export type SplitOptions = Values<typeof splitOptions>;

const groupTitles = { data: "Data:", tags: "Tags:", pieces: "Pieces:", output: "Output:" };

function fileFaults(operands: readonly string[], many: boolean): Fault[] {
  if (operands.length === 0) return [{ key: "FILE is missing", text: "give a file of tagged sentences" }];
  if (many || operands.length === 1) return [];
  return [{ key: operands[1]!, text: "unexpected; this takes one file" }];
}

const anyFiles: Completion = ({ operands }) => fileFaults(operands, true);

const inspect: Command = {
  name: "data inspect",
  summary: "Count sentences, labels, entities and pieces of tagged files.",
  operand: "FILE...",
  options: inspectOptions,
  groupTitles,
  examples: ["torchner data inspect train.txt valid.txt --model bert-base-cased"],
  complete: anyFiles,
  async run({ given, operands, terminal }) {
    const { inspectFiles } = await import("../data_files.ts");
    await inspectFiles(operands, withDefaults(inspectOptions, given) as InspectOptions, terminal);
    return 0;
  },
};

const validate: Command = {
  name: "data validate",
  summary: "Look for wrong tags, contradictions, leaks and odd characters; the training file goes first.",
  operand: "FILE...",
  options: validateOptions,
  groupTitles,
  examples: ["torchner data validate train.txt valid.txt test.txt"],
  complete: anyFiles,
  async run({ given, operands, terminal }) {
    const { validateFiles } = await import("../data_files.ts");
    return validateFiles(operands, withDefaults(validateOptions, given) as ValidateOptions, terminal);
  },
};

const convert: Command = {
  name: "data convert",
  summary: "Write a tagged file in another scheme or format.",
  operand: "FILE",
  options: convertOptions,
  groupTitles,
  examples: [
    "torchner data convert train.iob1.txt --to iob2 --output train.txt",
    "torchner data convert export.jsonl --format parquet --output train.parquet",
  ],
  complete: ({ given, operands }) => [
    ...fileFaults(operands, false),
    ...missingOption(given, "output", "a file to write"),
  ],
  async run({ given, operands, terminal }) {
    const { convertFile } = await import("../data_files.ts");
    await convertFile(operands[0]!, withDefaults(convertOptions, given) as ConvertOptions, terminal);
    return 0;
  },
};

const split: Command = {
  name: "data split",
  summary: "Divide a tagged file into train, validation and test, alike in entity types.",
  operand: "FILE",
  options: splitOptions,
  groupTitles,
  examples: ["torchner data split all.jsonl --shares 0.8,0.1,0.1 --seed 1 --output-dir parts"],
  complete: ({ given, operands }) => [
    ...fileFaults(operands, false),
    ...missingOption(given, "output_dir", "a folder for the parts"),
  ],
  async run({ given, operands, terminal }) {
    const { splitFile } = await import("../data_files.ts");
    await splitFile(operands[0]!, withDefaults(splitOptions, given) as SplitOptions, terminal);
    return 0;
  },
};

export const dataCommands: readonly Command[] = [inspect, validate, convert, split];
