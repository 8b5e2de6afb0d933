import fc from "fast-check";
import { parseArguments } from "../../../lib/cli/parse.ts";
import { kebabCase, type OptionSpec } from "../../../lib/training/option_types.ts";
import { trainOptions } from "../../../lib/training/options.ts";

function parse(...argv: string[]) {
  const { given, operands, faults } = parseArguments(argv, trainOptions);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  return { values, operands, faults: faults.map(({ key, text }) => `${key}: ${text}`) };
}

test.each([
  [["--learning-rate", "1e-4"], { learning_rate: 1e-4 }],
  [["--learning_rate", "1e-4"], { learning_rate: 1e-4 }],
  [["--learning-rate=1e-4"], { learning_rate: 1e-4 }],
  [["--max-steps", "-1"], { max_steps: -1 }],
  [["--seed", "1", "--seed=2", "--seed", "3"], { seed: 3 }],
  [["--seed", "wrong", "--seed", "3"], { seed: 3 }],
  [["--bf16"], { bf16: true }],
  [["--bf16", "true"], { bf16: true }],
  [["--bf16", "false"], { bf16: false }],
  [["--bf16=false"], { bf16: false }],
  [["--no-bf16"], { bf16: false }],
  [["--no_bf16"], { bf16: false }],
  [["--bf16", "--no-bf16"], { bf16: false }],
  [["--no-cuda"], { device: "cpu" }],
  [["--label-all-tokens"], { label_strategy: "all" }],
  [["--label-all-tokens", "false"], { label_strategy: "first" }],
  [["--evaluation_strategy", "epoch"], { eval_strategy: "epoch" }],
  [["--eval-strategy", "no", "--evaluation-strategy", "epoch"], { eval_strategy: "epoch" }],
  [["--model_name_or_path", "bert"], { model: "bert" }],
  [["--label-names", "O, B-X,I-X"], { label_names: ["O", "B-X", "I-X"] }],
  [["--model=--odd"], { model: "--odd" }],
  [["--model=a=b"], { model: "a=b" }],
  [["--report-to", "none", "--fp16", "False"], { report_to: [] }],
  [["--report-to", "jsonl,tensorboard"], { report_to: ["jsonl", "tensorboard"] }],
  [["--train-sampling-strategy", "group_by_length"], { group_by_length: true }],
  [["--lr-scheduler-kwargs", '{"power": 2}'], { lr_scheduler_kwargs: { power: 2 } }],
  [["--resume-from-checkpoint", "auto"], { resume_from_checkpoint: "auto" }],
  [["--resume-from-checkpoint", "true"], { resume_from_checkpoint: true }],
] as const)("%j", (argv, values) => {
  expect(parse(...argv)).toEqual({ values, operands: [], faults: [] });
});

test("a boolean does not swallow the config that follows it", () => {
  expect(parse("--bf16", "ner.json", "--", "--seed")).toEqual({
    values: { bf16: true },
    operands: ["ner.json", "--seed"],
    faults: [],
  });
});

test.each([
  [["--learning-rate", "-1"], "--learning-rate: must be a number of at least 0, got -1"],
  [["--learning_rate", "fast"], '--learning_rate: must be a number, got "fast"'],
  [["--learning-rte", "1"], "--learning-rte: unknown option; did you mean --learning-rate?"],
  [["--learning_rte=1"], "--learning_rte: unknown option; did you mean --learning-rate?"],
  [["--epochs", "3"], "--epochs: unknown option; did you mean --num-train-epochs?"],
  [
    ["--eval-strategy", "epochs"],
    '--eval-strategy: must be no, steps or epoch, got "epochs"; did you mean epoch?',
  ],
  [["--bf16=maybe"], '--bf16: must be true or false, got "maybe"'],
  [["--model"], "--model: needs a value; one that begins with a dash is written --model=VALUE"],
  [["--model", "--bf16"], "--model: needs a value; one that begins with a dash is written --model=VALUE"],
  [["--seed", ""], '--seed: must be a whole number, got ""'],
  [["--fp16"], "--fp16: is not supported; set bf16, which computes in half precision without a loss scale"],
  [
    ["--report-to", "wandb"],
    '--report-to: must be tensorboard, jsonl, none or all, got "wandb"; take tensorboard and give its folder to `wandb sync`',
  ],
  [["--report-to", "none,jsonl"], "--report-to: none stands alone; leave it or the others out"],
  [
    ["--train-sampling-strategy", "sequential"],
    '--train-sampling-strategy: must be random or group_by_length, got "sequential"',
  ],
  [
    ["--lr-scheduler-kwargs", "power=2"],
    '--lr-scheduler-kwargs: must be an object of names and values, got "power=2"',
  ],
  [["-m", "x"], "-m: unknown option; options begin with --"],
] as const)("%j is refused in the user's spelling", (argv, fault) => {
  expect(parse(...argv).faults).toEqual([fault]);
});

test("all faults come at once", () => {
  expect(parse("--sede", "1", "--learning-rate", "x", "--model").faults).toHaveLength(3);
});

/** A value that an option allows, as a user would write it. */
function texts(spec: OptionSpec): fc.Arbitrary<string> {
  switch (spec.type) {
    case "bool":
      return fc.constantFrom("true", "false");
    case "enum":
      return fc.constantFrom(...spec.choices);
    case "int":
      return fc.integer({ min: spec.min ?? 0, max: spec.max ?? 1e6 }).map(String);
    case "float":
      return fc.constantFrom("0.5", "5e-1", ".5");
    case "list":
      return "choices" in spec
        ? fc.constantFrom("none", "jsonl,tensorboard")
        : fc.constantFrom("O,B-X", "a.txt");
    case "object":
      return fc.constantFrom("{}", '{"power": 2}');
    default:
      return spec.pattern ? fc.stringMatching(spec.pattern) : fc.constantFrom("a", "a b", "-1", "x=y", "ä");
  }
}

test("every option reads the same as --kebab value, --snake_case value and --kebab=value", () => {
  const option = fc
    .constantFrom(...(Object.entries(trainOptions) as [string, OptionSpec][]))
    .chain(([name, spec]) => texts(spec).map((text) => ({ name, text })));
  fc.assert(
    fc.property(option, ({ name, text }) => {
      const spaced = parse(`--${kebabCase(name)}`, text);
      expect(spaced.faults).toEqual([]);
      expect(Object.keys(spaced.values)).toEqual([name]);
      expect(parse(`--${name}`, text)).toEqual(spaced);
      expect(parse(`--${kebabCase(name)}=${text}`)).toEqual(spaced);
    }),
  );
});

test("no argument list makes the parser throw", () => {
  const known = Object.keys(trainOptions).map((name) => `--${kebabCase(name)}`);
  const token = fc.oneof(fc.constantFrom(...known, "--", "-", "--no-", "--=", "true"), fc.string());
  fc.assert(fc.property(fc.array(token), (argv) => void parse(...argv)));
});
