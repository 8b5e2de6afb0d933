import { withDefaults } from "../../training/check_options.ts";
import type { OptionTable, Values } from "../../training/option_types.ts";
import { runOptions } from "../../training/options.ts";
import { classifierOptions } from "../classifier_options.ts";
import { type Command, missingOption } from "../command.ts";

const options = {
  ...classifierOptions,
  max_seq_length: runOptions.max_seq_length,
  long_sequences: runOptions.long_sequences,
  file: { type: "string", group: "data", placeholder: "FILE", help: "sentences with their tags" },
  dataset_format: runOptions.dataset_format,
  encoding: runOptions.encoding,
  text_column_name: runOptions.text_column_name,
  label_column_name: runOptions.label_column_name,
  max_eval_samples: { ...runOptions.max_eval_samples, help: "use only the first N sentences" },
  valid_tags: {
    type: "bool",
    group: "scoring",
    default: false,
    help: "only tags that may follow one another by the labels' scheme; shows what that changes",
  },
  analysis: {
    type: "bool",
    group: "scoring",
    default: false,
    help: "what the mistakes are: kinds, types taken for others, lengths, seen and unseen names, calibration, thresholds",
  },
  train_file: {
    type: "string",
    group: "scoring",
    placeholder: "FILE",
    help: "training sentences, to tell seen names from unseen ones in --analysis",
  },
} as const satisfies OptionTable;

export type EvaluateOptions = Values<typeof options>;

export const evaluate: Command = {
  name: "evaluate",
  summary: "Score a fine-tuned model on a file with tags: per type and over all.",
  options,
  groupTitles: { model: "Model:", data: "Data:", scoring: "Scoring:" },
  examples: [
    "torchner evaluate --model out --file test.txt",
    "torchner evaluate --model out --file test.jsonl --json > scores.json",
    "torchner evaluate --model out --file test.txt --analysis --train-file train.txt",
  ],
  complete: ({ given }) => [
    ...missingOption(given, "model", "the folder or the name of a fine-tuned model"),
    ...missingOption(given, "file", "a file of sentences with their tags"),
    ...(given.has("train_file") && given.get("analysis")?.value !== true
      ? [{ key: given.get("train_file")!.key, text: "is for --analysis alone; set it too" }]
      : []),
  ],
  async run({ given, terminal }) {
    const { evaluateFile } = await import("../evaluate_file.ts");
    await evaluateFile(withDefaults(options, given) as EvaluateOptions, terminal);
    return 0;
  },
};
