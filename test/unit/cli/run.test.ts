import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../../lib/cli/run.ts";
import { kebabCase } from "../../../lib/training/option_types.ts";
import { torchner } from "./capture.ts";

describe("help", () => {
  test("the overview names every command", async () => {
    const { code, stdout, stderr } = await torchner("--help");
    expect([code, stderr]).toEqual([0, ""]);
    for (const { name } of commands) expect(stdout).toContain(`\n  ${name} `);
  });

  test.each(
    commands.map((command) => [command.name, command] as const),
  )("that of %s mentions each of its options and its examples, without tripping over the rest", async (name, command) => {
    const { code, stdout } = await torchner(name, "--seed", "--help");
    expect(code).toBe(0);
    for (const option of Object.keys(command.options)) expect(stdout).toContain(`  --${kebabCase(option)}`);
    for (const example of command.examples) expect(stdout).toContain(`$ ${example}`);
    expect(await torchner("help", name)).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("shows defaults as the command has them", async () => {
    const { stdout } = await torchner("train", "-h");
    const words = stdout.replace(/\s+/g, " ");
    expect(words).toMatch(/--learning-rate <X> .*\(default: 5e-5\)/);
    expect(words).toMatch(/--save-strategy <no\|steps\|epoch\|best> .*\(default: as --eval-strategy\)/);
  });
});

test("--version prints the version alone", async () => {
  expect(await torchner("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
});

test("with --json, help and version are one document too", async () => {
  const plain = await torchner("train", "--help");
  const help = await torchner("train", "--help", "--json");
  expect(JSON.parse(help.stdout)).toEqual({ help: plain.stdout.trimEnd() });
  const version = await torchner("--version", "--json");
  expect(JSON.parse(version.stdout)).toEqual({ version: "0.1.0" });
});

test("train --print-schema prints the schema of configs, with and without --json", async () => {
  const { code, stdout, stderr } = await torchner("train", "--print-schema");
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ properties: { learning_rate: { default: 5e-5 } } });
  expect(JSON.parse(stdout).properties).not.toHaveProperty("print_schema");
  expect((await torchner("train", "--json", "--print-schema")).stdout).toBe(stdout);
});

describe("usage errors end with 2 and say what was meant", () => {
  test.each([
    [["trian"], "unknown command trian; did you mean train?"],
    [["frobnicate"], "unknown command frobnicate; the commands are setup, doctor, train, evaluate, predict"],
    [
      [],
      "name a command: setup, doctor, train, evaluate, predict, score, data inspect, data validate, data convert, data split; see torchner --help",
    ],
    [["doctor", "now"], "now: unexpected; options begin with --"],
    [
      ["evaluate"],
      "2 faults:\n  --model is missing: give the folder or the name of a fine-tuned model\n  --file is missing: give a",
    ],
    [["predict", "--model"], "--model: needs a value; one that begins with a dash is written --model=VALUE"],
    [
      ["predict", "--model", "m", "--text", "a", "--file", "b"],
      "--text and --file: exclude each other; give one",
    ],
    [
      ["predict", "--model", "m", "--text", "a", "--aggregation_strategy", "frist"],
      '--aggregation_strategy: must be none, simple, first, average or max, got "frist"',
    ],
    [
      ["predict", "--model", "m", "--text", "a", "--json", "--format", "conll"],
      "--format: conll is not the one JSON document that --json asks for; leave one out",
    ],
    [
      ["predict", "--model", "m", "--text", "a", "--format", "conll", "--stride", "3"],
      "--stride: has no effect with --format conll, which tags word by word",
    ],
    [["train"], "--train-file is missing: give a file of tagged sentences, or a dataset with --dataset-name"],
    [
      ["train", "--dataset", "org/name", "--test_file", "t"],
      "--test_file and --dataset: exclude each other; a dataset brings its own files",
    ],
    [["train", "--train-file", "t", "--force"], "--force: has no effect without --resume-from-checkpoint"],
    [
      ["train", "--train-file", "t", "--early-stopping-threshold", "0.1"],
      "--early-stopping-threshold: has no effect without --early-stopping-patience",
    ],
    [["train", "--train-file", "t", "--eval-on-start"], "--eval-on-start: needs --validation-file"],
    [["train", "a.json", "b.json"], "b.json: unexpected; train takes one config"],
    [["train", "none.yaml"], "none.yaml: no such config; check the path"],
    [
      ["train", "--train-file", "t", "--eval-strategy", "epoch"],
      "--eval-strategy: epoch needs --validation-file",
    ],
    [
      ["train", "--train-file", "t", "--validation-file", "v", "--metric_for_best_model", "acuracy"],
      "--metric_for_best_model: there is no metric acuracy; did you mean accuracy?",
    ],
    [
      ["train", "--train-file", "t", "--metric-for-best-model", "f1"],
      "--metric-for-best-model: needs evaluation while training; set --eval-strategy to epoch or steps",
    ],
    [
      ["train", "--train-file", "t", "--early-stopping-patience", "2", "--load-best-model-at-end"],
      "--early-stopping-patience: needs evaluation while training; set --eval-strategy to epoch or steps",
    ],
    [
      ["train", "--train-file", "t", "--validation-file", "v", "--early-stopping-patience", "2"],
      "--early-stopping-patience: needs --metric-for-best-model, or --load-best-model-at-end",
    ],
    [
      [
        "train",
        "--train-file",
        "t",
        "--validation-file",
        "v",
        "--save-strategy",
        "no",
        "--load-best-model-at-end",
      ],
      "--load-best-model-at-end: needs --save-strategy (now no) to be the same as --eval-strategy (now epoch)",
    ],
  ])("%j", async (argv, message) => {
    const { code, stdout, stderr } = await torchner(...argv);
    expect(stderr).toContain(`${message}`);
    expect([code, stdout.startsWith("{")]).toEqual([2, argv.includes("--json")]);
  });

  test.each([
    [
      { HF_HUB_OFFLINE: "", HF_TOKEN: "", HF_TOKEN_PATH: "/none" },
      "--push-to-hub: needs an access token that may write; set HF_TOKEN",
    ],
    [
      { HF_TOKEN: "hf_test", HF_HUB_OFFLINE: "1" },
      "--push-to-hub: cannot upload while HF_HUB_OFFLINE is set",
    ],
  ])("--push-to-hub with %j", async (variables, message) => {
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
      const { code, stderr } = await torchner("train", "--train-file", "t", "--push-to-hub");
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    } finally {
      process.env = before;
    }
  });

  test("with --json, standard output holds the error as one document", async () => {
    const { code, stdout, stderr } = await torchner("train", "--json", "--sede", "1");
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe("EUSAGE");
    expect(error.message).toMatch(
      /--sede: unknown option; did you mean --seed\?\n {2}--train-file is missing: /,
    );
    expect(stderr).toContain(error.message);
  });

  test("--json may stand before the command", async () => {
    expect(JSON.parse((await torchner("--json", "trian")).stdout)).toHaveProperty("error.code", "EUSAGE");
  });
});

describe("train refuses before anything is written", () => {
  const folder = mkdtempSync(join(tmpdir(), "torchner-cli-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const sentences = file("train.txt", "Ana B-PER\nsleeps O\n");
  const outputDir = join(folder, "out");

  afterEach(() => expect(readdirSync(folder)).not.toContain("out"));

  test.each([
    [
      "a training file that is not there",
      ["--train-file", join(folder, "none.txt")],
      7,
      /none\.txt: no such file/,
    ],
    [
      "a row with too few columns",
      ["--train-file", file("short.txt", "Ana B-PER\nsleeps\n")],
      3,
      /short\.txt:2/,
    ],
    ["a file without a sentence", ["--train-file", file("empty.txt", "")], 3, /empty\.txt:1/],
    [
      "a label that train lacks",
      ["--train-file", sentences, "--validation-file", file("valid.txt", "Rome B-LOC\n")],
      3,
      /valid\.txt:1.*B-LOC/,
    ],
    ["a model that is not there", ["--train-file", sentences, "--model", "./none"], 3, /none/],
  ])("%s", async (_, argv, code, message) => {
    const result = await torchner("train", ...argv, "--output-dir", outputDir);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  test("an output folder that holds a run, with the remedy", async () => {
    const old = mkdtempSync(join(folder, "old-"));
    writeFileSync(join(old, "trainer_state.json"), "{}");
    const { code, stderr } = await torchner("train", "--train-file", sentences, "--output-dir", old);
    expect([code, readdirSync(old)]).toEqual([2, ["trainer_state.json"]]);
    expect(stderr).toMatch(/already holds a run \(trainer_state\.json\).*--overwrite-output-dir/);
  });

  test("an output folder below a file", async () => {
    const { code, stderr } = await torchner(
      "train",
      "--train-file",
      sentences,
      "--output-dir",
      `${sentences}/out`,
    );
    expect([code, stderr]).toEqual([7, expect.stringContaining("name a folder for the results")]);
  });

  test("the command line goes before the config, and the config's faults name their line", async () => {
    const config = file("run.json", `{\n  "train_file": "none.txt",\n  "learningrate": 1,\n  "seed": -1\n}`);
    const { code, stderr } = await torchner("train", config, "--bf16", "perhaps", "--output-dir", outputDir);
    expect(code).toBe(2);
    expect(stderr).toContain("perhaps: unexpected; train takes one config");
    expect(stderr).toContain(`${config}:3 learningrate: unknown key; did you mean learning_rate?`);
    expect(stderr).toContain(`${config}:4 seed: must be a whole number of at least 0`);
  });
});
