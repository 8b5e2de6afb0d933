import { schemes } from "../../metrics/schemes.ts";
import { type Fault, withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import { runOptions } from "../../training/options.ts";
import type { Command, Completion } from "../command.ts";

const options = {
  gold: {
    type: "string",
    group: "input",
    placeholder: "FILE",
    help: "sentences with their true tags, of any format",
  },
  pred: {
    type: "string",
    group: "input",
    placeholder: "FILE",
    help: "the same sentences as they were predicted, or a line of tags a sentence (predictions.txt)",
  },
  dataset_format: runOptions.dataset_format,
  encoding: runOptions.encoding,
  label_names: runOptions.label_names,
  text_column_name: runOptions.text_column_name,
  label_column_name: runOptions.label_column_name,
  mode: {
    type: "enum",
    group: "scoring",
    choices: ["default", "strict"],
    default: "default",
    help: "default: lenient, as conlleval; strict: an entity that its scheme does not allow is none",
  },
  scheme: {
    type: "enum",
    group: "scoring",
    choices: schemes,
    shownDefault: "told from the gold tags",
    help: "scheme of the tags, with --mode strict",
  },
  suffix: { type: "bool", group: "scoring", default: false, help: "tags are written PER-B" },
  zero_division: {
    type: "enum",
    group: "scoring",
    choices: ["0", "1"],
    default: "0",
    help: "what a score without anything to divide by is",
  },
  compare: {
    type: "bool",
    group: "scoring",
    default: false,
    help: "of several files, test each against the first: paired bootstrap over their sentences",
  },
  samples: {
    type: "int",
    group: "scoring",
    default: 10_000,
    min: 1,
    help: "resamples of --compare",
  },
  seed: { type: "int", group: "scoring", default: 42, help: "seed of --compare" },
  format: {
    type: "enum",
    group: "output",
    choices: ["table", "report", "conlleval"],
    default: "table",
    help: "table: percent by type; report: seqeval's classification report; conlleval: the report of CoNLL's script",
  },
  digits: { type: "int", group: "output", default: 2, min: 0, max: 20, help: "decimals of --format report" },
} as const satisfies OptionTable;

export type ScoreOptions = Values<typeof options>;

const complete: Completion = ({ given, operands }) => {
  const faults: Fault[] = [];
  const gold = given.get("gold");
  const pred = given.get("pred");
  if (gold && !pred) faults.push({ key: "--pred is missing", text: `give the predictions of ${gold.key}` });
  if (pred && !gold) faults.push({ key: "--gold is missing", text: `give the true tags of ${pred.key}` });
  if (gold && operands.length > 0) {
    faults.push({ key: operands[0]!, text: `a file with both tags excludes ${gold.key}; leave one out` });
  }
  if (!gold && !pred && operands.length === 0) {
    faults.push({
      key: "FILE is missing",
      text: "give a file whose last two columns are the gold and the predicted tag",
    });
  }
  const scheme = given.get("scheme");
  if (scheme && given.get("mode")?.value !== "strict") {
    faults.push({ key: scheme.key, text: "is read with --mode strict alone; set it", option: "scheme" });
  }
  const compare = given.get("compare");
  if (compare?.value === true && operands.length < 2) {
    faults.push({
      key: compare.key,
      text: "needs two files or more, each with the gold and a predicted tag",
    });
  }
  return faults;
};

export const score: Command = {
  name: "score",
  summary: "Score finished predictions of any system: per type and over all, without a model.",
  operand: "[FILE...]",
  options,
  groupTitles: { input: "Input:", data: "Data:", scoring: "Scoring:", output: "Output:" },
  examples: [
    "torchner score predictions.conll",
    "torchner score --gold test.txt --pred out/predictions.txt --mode strict",
    "torchner score baseline.conll ours.conll --compare",
    "torchner score predictions.conll --format conlleval",
  ],
  complete,
  async run({ given, operands, terminal }) {
    const { scoreFiles } = await import("../score_files.ts");
    await scoreFiles(operands, withDefaults(options, given) as ScoreOptions, terminal);
    return 0;
  },
};
