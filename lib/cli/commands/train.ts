import { didYouMean } from "../../messages/suggest.ts";
import { type Fault, type GivenOptions, spellings, withDefaults } from "../../training/check_options.ts";
import { combinationFaults } from "../../training/combinations.ts";
import { readConfigFile } from "../../training/config_file.ts";
import { groupTitles, type TrainOptions, trainOptions } from "../../training/options.ts";
import { type Command, type Invocation, missingOption } from "../command.ts";

export const train: Command = {
  name: "train",
  summary: "Fine-tune a model on tagged sentences, evaluate while training, predict the test file, save.",
  operand: "[CONFIG]",
  options: {
    ...trainOptions,
    eval_strategy: { ...trainOptions.eval_strategy, shownDefault: "epoch with validation data, else no" },
    save_strategy: { ...trainOptions.save_strategy, shownDefault: "as --eval-strategy" },
    print_schema: {
      type: "bool",
      group: "config",
      default: false,
      help: "print a JSON Schema of configs for editors, and do nothing else",
    },
  },
  groupTitles: { ...groupTitles, config: "Configs:" },
  examples: [
    "torchner train --train-file train.txt --validation-file valid.txt --output-dir out",
    "torchner train --model ./bert-base-cased --train-file train.jsonl --test-file test.jsonl --num-train-epochs 5 --output-dir out",
    "torchner train --train-file train.txt --validation-file valid.txt --load-best-model-at-end --metric-for-best-model f1 --output-dir out",
    "torchner train ner.yaml --learning-rate 3e-5",
    "torchner train --print-schema > train.schema.json",
  ],
  complete,
  async run({ given, typed, terminal }) {
    if (printsSchema(given)) {
      const { configSchema } = await import("../../training/config_schema.ts");
      const schema = configSchema("Config of torchner train", trainOptions);
      terminal.result(JSON.stringify(schema, null, 2));
      terminal.document(schema);
      return 0;
    }
    const { runTrain } = await import("../train_run.ts");
    const evaluatesIfItCan = given.get("eval_strategy")?.implied ?? false;
    await runTrain(withDefaults(trainOptions, given) as TrainOptions, terminal, { evaluatesIfItCan, typed });
    return 0;
  },
};

function printsSchema(given: GivenOptions): boolean {
  return given.get("print_schema")?.value === true;
}

/** Adds the config's options below the command line's, then the defaults that `train` has of its own. */
async function complete({ given, operands }: Pick<Invocation, "given" | "operands">): Promise<Fault[]> {
  if (printsSchema(given)) return [];
  const faults: Fault[] = [];
  const [config, ...more] = operands;
  for (const operand of more) faults.push({ key: operand, text: "unexpected; train takes one config" });
  if (config !== undefined) {
    const read = await readConfigFile(config, trainOptions);
    faults.push(...read.faults);
    for (const [name, option] of read.given) if (!given.has(name)) given.set(name, option);
  }
  followDefaults(given);
  faults.push(...dataFaults(given), ...combinationFaults(given, spellings.commandLine));
  faults.push(...evaluationFaults(given), ...idleFaults(given), ...(await uploadFaults(given)));
  return faults;
}

function dataFaults(given: GivenOptions): Fault[] {
  const dataset = given.get("dataset_name");
  if (!dataset) {
    return missingOption(given, "train_file", "a file of tagged sentences, or a dataset with --dataset-name");
  }
  const files = ["train_file", "validation_file", "test_file"].flatMap((name) => given.get(name) ?? []);
  return files.map(({ key }) => ({
    key: `${key} and ${dataset.key}`,
    text: "exclude each other; a dataset brings its own files",
  }));
}

/** Options that would change nothing without another one. */
const needs = {
  force: "resume_from_checkpoint",
  early_stopping_threshold: "early_stopping_patience",
} as const;

function idleFaults(given: GivenOptions): Fault[] {
  return Object.entries(needs).flatMap(([name, needed]) => {
    const option = given.get(name);
    const idle = option && option.value !== trainOptions[name as keyof typeof needs].default;
    if (!idle || given.has(needed)) return [];
    return [
      { key: option.key, text: `has no effect without ${spellings.commandLine(needed)}`, option: needed },
    ];
  });
}

/** `train` evaluates every epoch where there is validation data (a dataset tells when it is read), and saves when it evaluates. */
function followDefaults(given: GivenOptions): void {
  const follow = (name: string, value: unknown) => {
    if (!given.has(name)) given.set(name, { key: spellings.commandLine(name), value, implied: true });
  };
  const evaluates = given.has("validation_file") || given.has("dataset_name");
  follow("eval_strategy", evaluates ? "epoch" : "no");
  follow("save_strategy", given.get("eval_strategy")!.value);
}

/** An upload that cannot be made should not be found out after hours of training. */
async function uploadFaults(given: GivenOptions): Promise<Fault[]> {
  const push = given.get("push_to_hub");
  if (push?.value !== true) return [];
  const { uploadObstacle } = await import("../../training/publish.ts");
  const text = uploadObstacle();
  return text === undefined ? [] : [{ key: push.key, text }];
}

const metricNames = ["loss", "precision", "recall", "f1", "accuracy"];

/** What would stop the run only at its first evaluation, or never take effect. */
function evaluationFaults(given: GivenOptions): Fault[] {
  const faults: Fault[] = [];
  const strategy = given.get("eval_strategy")!;
  if (!given.has("validation_file") && !given.has("dataset_name")) {
    if (strategy.value !== "no")
      faults.push({ key: strategy.key, text: `${strategy.value} needs --validation-file` });
    const start = given.get("eval_on_start");
    if (start?.value === true) faults.push({ key: start.key, text: "needs --validation-file" });
  }
  const metric = given.get("metric_for_best_model");
  const patience = given.get("early_stopping_patience");
  for (const option of [metric, patience]) {
    if (!option || strategy.value !== "no") continue;
    faults.push({
      key: option.key,
      text: "needs evaluation while training; set --eval-strategy to epoch or steps",
    });
  }
  if (patience && !metric && given.get("load_best_model_at_end")?.value !== true) {
    const text = "needs --metric-for-best-model, or --load-best-model-at-end, which takes the loss";
    faults.push({ key: patience.key, text });
  }
  const name = String(metric?.value ?? "loss").replace(/^eval_/, "");
  const perType = given.get("return_entity_level_metrics")?.value === true;
  if (metric && !metricNames.includes(name) && !(perType && /_(precision|recall|f1|number)$/.test(name))) {
    const hint = didYouMean(name, metricNames) || `; the metrics are ${metricNames.join(", ")}`;
    faults.push({ key: metric.key, text: `there is no metric ${name}${hint}` });
  }
  return faults;
}
