import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readConfigFile } from "../../../lib/training/config_file.ts";
import { trainOptions } from "../../../lib/training/options.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-config-"));

async function read(text: string, name = "ner.json") {
  const path = join(folder, name);
  writeFileSync(path, text);
  const { given, faults } = await readConfigFile(path, trainOptions);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  return { values, faults: faults.map(({ key, text }) => `${key.replace(folder, "")}: ${text}`) };
}

test("options in any spelling, null meaning not given, and a byte order mark", async () => {
  const text =
    '\uFEFF{ "learning_rate": 1e-4, "numTrainEpochs": 2, "eval-steps": 3, "seed": null, "no_cuda": true }';
  expect(await read(text)).toEqual({
    values: { learning_rate: 1e-4, num_train_epochs: 2, eval_steps: 3, device: "cpu" },
    faults: [],
  });
});

test("paths lead from the config's folder, model names do not unless such a folder is there", async () => {
  mkdirSync(join(folder, "beside"), { recursive: true });
  const text = (model: string) => `{ "train_file": "train.txt", "output_dir": "/out", "model": "${model}" }`;
  const values = { train_file: join(folder, "train.txt"), output_dir: "/out" };
  expect((await read(text("beside"))).values).toEqual({ ...values, model: join(folder, "beside") });
  expect((await read(text("./none"))).values).toEqual({ ...values, model: join(folder, "none") });
  expect((await read(text("org/name"))).values).toEqual({ ...values, model: "org/name" });
});

test("label names are an array, a text with commas, or a file beside the config", async () => {
  writeFileSync(join(folder, "names.txt"), "O\n");
  expect((await read('{ "label_names": ["O", "B-X"] }')).values).toEqual({ label_names: ["O", "B-X"] });
  expect((await read('{ "label_names": "O,B-X" }')).values).toEqual({ label_names: ["O", "B-X"] });
  expect((await read('{ "label_names": "names.txt" }')).values).toEqual({
    label_names: [join(folder, "names.txt")],
  });
});

test("a path may begin with the home folder, and auto is none", async () => {
  const { values } = await read(
    "train_file: ~/data/train.txt\nresume_from_checkpoint: auto\nlogging_dir: logs",
  );
  expect(values).toEqual({
    train_file: join(homedir(), "data", "train.txt"),
    resume_from_checkpoint: "auto",
    logging_dir: join(folder, "logs"),
  });
});

describe("YAML", () => {
  test("numbers, booleans, lists, mappings and comments are read by YAML 1.2", async () => {
    const text = `# a run
learning_rate: 1e-5   # the peak
weight_decay: .01
bf16: True
eval_strategy: no
label_names: [O, B-NO, I-NO]
report_to:
  - tensorboard
  - jsonl
lr_scheduler_kwargs:
  power: 2
seed: ~
fp16: false
`;
    expect(await read(text, "ner.yaml")).toEqual({
      values: {
        learning_rate: 1e-5,
        weight_decay: 0.01,
        bf16: true,
        eval_strategy: "no",
        label_names: ["O", "B-NO", "I-NO"],
        report_to: ["tensorboard", "jsonl"],
        lr_scheduler_kwargs: { power: 2 },
      },
      faults: [],
    });
  });

  test("a number without quotes is text, as written, where an option is text", async () => {
    const { values, faults } = await read(
      "label_column_name: 3\nrun_name: 007\nmetric_for_best_model: 1e-5",
      "ner.yaml",
    );
    expect([values, faults]).toEqual([
      { label_column_name: "3", run_name: "007", metric_for_best_model: "1e-5" },
      [],
    ]);
  });

  test("an anchor is repeated with its value", async () => {
    expect(await read("seed: &s 7\ndata_seed: *s\nrun_name: *s", "ner.yaml")).toEqual({
      values: { seed: 7, data_seed: 7 },
      faults: ["/ner.yaml:3 run_name: must be text, got 7"],
    });
  });

  test("the same keys give the same options as in JSON", async () => {
    const options = {
      learning_rate: 2e-5,
      eval_strategy: "epoch",
      label_names: ["O", "B-\u{1F600}"],
      bf16: true,
    };
    const lines = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
    const json = await read(JSON.stringify(options, null, "\t"), "ner.json");
    expect(json).toEqual({ values: options, faults: [] });
    expect(await read(lines.join("\r\n"), "ner.yml")).toEqual(json);
  });

  test.each([
    ["bf16: yes", 'bf16: must be true or false, got "yes"; did you mean true?'],
    ["eval_strategy: off", 'eval_strategy: must be no, steps or epoch, got "off"; did you mean no?'],
    [
      "%YAML 1.1\n---\neval_strategy: no",
      "eval_strategy: must be no, steps or epoch, got false; did you mean no?",
    ],
    ["learning_rate: '1e-5'", 'learning_rate: must be a number, got "1e-5"'],
    ["learning_rate: 1,5", 'learning_rate: must be a number, got "1,5"'],
    ["learning_rate: .nan", "learning_rate: must be a number, got NaN"],
    ["max_steps: 1_000", 'max_steps: must be a whole number, got "1_000"'],
    ["report_to: [wandb]", 'report_to: must be tensorboard, jsonl, none or all, got "wandb"'],
    ["label_names: [O, 1]", "label_names: must be a list of names, got an array"],
    ["optimizer: {lr: 1}", "optimizer: unknown key; a config has no sections, options stand at the left"],
    ["seed: *other", "seed: Unresolved alias (the anchor must be set before the alias): other"],
    ["? [seed]\n: 1", '["seed"]: unknown key'],
  ])("%j is refused", async (text, fault) => {
    const { faults } = await read(text, "ner.yaml");
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(faults[0]).toMatch(/^\/ner\.yaml:[13] /);
  });
});

test("every fault is listed with its line, in the order of lines", async () => {
  const text = `{
  "learningrate": 1,
  "seed": "42",
  "train_file": "a: {\\"b",
  "eval_strategy": "epochs",
  "seed": 1.5
}`;
  const faults = (name: string) => [
    `/${name}:2 learningrate: unknown key; did you mean learning_rate?`,
    `/${name}:5 eval_strategy: must be no, steps or epoch, got "epochs"; did you mean epoch?`,
    `/${name}:6 seed: stands in line 3 already`,
    `/${name}:6 seed: must be a whole number of at least 0 and at most 4294967295, got 1.5`,
  ];
  expect((await read(text)).faults).toEqual(faults("ner.json"));
  const yaml = "\nlearningrate: 1\nseed: 42\ntrain_file: t\neval_strategy: epochs\nseed: 1.5";
  expect((await read(yaml, "ner.yaml")).faults).toEqual(faults("ner.yaml"));
});

test.each([
  ['{\n "seed": 1', [/^\/ner\.yaml:2: not valid YAML or JSON: Flow map must end with a }/]],
  ["seed: 1\n\tbf16: true", [/^\/ner\.yaml:2: .*Tabs are not allowed as indentation; indent with blanks/]],
  ["seed: 1: 2\nbf16: 'true\n", [/^\/ner\.yaml:1: not valid/, /^\/ner\.yaml:3: not valid/]],
  ["seed: !!python/object 1", [/^\/ner\.yaml:1: .*Unresolved tag/]],
  ["seed: 1\n---\nseed: 2", [/^\/ner\.yaml:2: a second document begins; a config is one/]],
  ["", [/^\/ner\.yaml:1: a config is one mapping of options/]],
  ["[1]", [/^\/ner\.yaml:1: a config is one mapping/]],
  ["--learning-rate 5", [/^\/ner\.yaml:1: a config is one mapping/]],
])("%j is refused as a whole", async (text, faults) => {
  const found = await read(text, "ner.yaml");
  expect(found).toEqual({ values: {}, faults: faults.map((fault) => expect.stringMatching(fault)) });
});

test("a config that is not there, or is a folder, is one fault", async () => {
  const { faults } = await readConfigFile(join(folder, "none.json"), trainOptions);
  expect(faults).toEqual([{ key: join(folder, "none.json"), text: "no such config; check the path" }]);
  expect((await readConfigFile(folder, trainOptions)).faults).toEqual([
    { key: folder, text: expect.stringContaining("EISDIR") },
  ]);
});

test("no text makes the reader throw", async () => {
  const line = fc.tuple(fc.constantFrom("seed", "bf16", "a b", "- x", "?", "&a", "*a"), fc.string());
  await fc.assert(
    fc.asyncProperty(fc.array(line), async (lines) => {
      const text = lines.map(([key, value]) => `${key}: ${value}`).join("\n");
      await expect(read(text, "any.yaml")).resolves.toHaveProperty("faults");
    }),
  );
});
