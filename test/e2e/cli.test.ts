/** The real binary, as a user calls it: dist/cli/main.js in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addonPath } from "../../lib/native/load.ts";
import { describeIf } from "../support/shared.ts";
import { binary, sentences, writeTinyCheckpoint } from "./tiny_run.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-e2e-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function torchner(args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 240_000,
    input: options.input ?? "",
    env: { ...process.env, ...options.env },
  });
  return { code: status, stdout, stderr };
}

describe("without a model", () => {
  test("help does not open the addon", () => {
    const script = `
      process.argv.splice(1, process.argv.length, "torchner", "train", "--help");
      process.on("exit", () => console.error(JSON.stringify(process.report.getReport().sharedObjects)));
      await import(${JSON.stringify(binary)});`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect(stdout).toContain("--learning-rate");
    expect(JSON.parse(stderr).filter((name: string) => name.endsWith(".node"))).toEqual([]);
  });

  test("a usage error ends with 2, one clear message and no stack", () => {
    const { code, stdout, stderr } = torchner(["train", "--learning-rte", "1", "--train-file", "t"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: --learning-rte: unknown option; did you mean --learning-rate\?\n\(see/);
    expect(stderr).not.toContain("    at ");
  });

  test("a config's faults come with their lines, beside those of the command line", () => {
    writeFileSync(join(folder, "bad.yaml"), "train_file: t\nlearningrate: 1\nbf16: yes\n");
    const { code, stderr } = torchner(["train", "bad.yaml", "--sede", "1"]);
    const [, ...faults] = stderr.split("\n");
    expect([code, faults]).toEqual([
      2,
      [
        "  --sede: unknown option; did you mean --seed?",
        "  bad.yaml:2 learningrate: unknown key; did you mean learning_rate?",
        '  bad.yaml:3 bf16: must be true or false, got "yes"; did you mean true?',
        "(see torchner train --help)",
        "",
      ],
    ]);
  });

  test("TORCHNER_DEBUG=1 adds the stack", () => {
    const { stderr } = torchner(["train", "--sede", "1"], { env: { TORCHNER_DEBUG: "1" } });
    expect(stderr).toContain("    at ");
  });

  test("a reader that closes the pipe early ends it quietly", async () => {
    const child = spawn(process.execPath, [binary, "train", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
  });
});

describeIf(existsSync(addonPath), "the native addon is not built")("with a model", () => {
  const scores = (type: number) => ({ precision: 1, recall: 1, f1: 1, number: type });
  const out = join(folder, "out");
  // One thread: the suite shares the machine, and teams of threads that wait for each other are slow there.
  const training = ["--train-file", "train.txt", "--from-scratch", "--model", "tiny", "--threads", "1"];
  const evaluating = [
    ...training,
    "--validation-file",
    "valid.txt",
    "--num-train-epochs",
    "20",
    "--learning-rate",
    "1e-2",
  ];

  beforeAll(() => {
    writeTinyCheckpoint(join(folder, "tiny"));
    writeFileSync(join(folder, "train.txt"), sentences(20));
    writeFileSync(join(folder, "valid.txt"), sentences(8));
    // Fourteen words over the model's 24 positions, two special tokens counted, and one word without any piece.
    writeFileSync(
      join(folder, "test.txt"),
      `${sentences(4)}\n${"Ana B-PER\n".repeat(36)}\n\u200B O\nBob B-PER\n`,
    );
  });

  test("doctor finds the addon at work", () => {
    const { code, stdout } = torchner(["doctor", "--json"]);
    const { ok, checks } = JSON.parse(stdout);
    expect([code, ok]).toEqual([0, true]);
    expect(checks).toContainEqual(expect.objectContaining({ name: "forward/backward self-test", ok: true }));
  });

  test("train learns, evaluates every epoch, predicts the test file and fills the folder", () => {
    const args = [
      "--test-file",
      "test.txt",
      "--output-dir",
      "out",
      "--save-total-limit",
      "1",
      "--logging_steps",
      "20",
    ];
    const { code, stdout, stderr } = torchner(["train", ...evaluating, ...args, "--json"]);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });

    const result = JSON.parse(stdout);
    expect(result.eval).toMatchObject({ eval_f1: 1, epoch: 20, eval_samples: 8, eval_skipped_words: 0 });
    expect(result.train).toMatchObject({ train_samples: 20, epoch: 20 });
    expect(result.scores.validation).toMatchObject({ overall_f1: 1, ORG: scores(2) });
    expect(result.predict.predict_skipped_words).toBe(1);
    expect(result.labels).toEqual(["B-LOC", "B-ORG", "B-PER", "I-PER", "O"]);
    expect(stderr).toMatch(/test\.txt: 1 words? got no prediction/);

    expect(readdirSync(out).sort()).toEqual(
      expect.arrayContaining([
        ...["README.md", "all_results.json", "checkpoint-60", "config.json", "eval_results.json"],
        ...["model.safetensors", "predict_results.json", "predictions.txt", "tokenizer_config.json"],
        ...["train_results.json", "trainer_state.json", "training_args.json"],
      ]),
    );
    const log = JSON.parse(readFileSync(join(out, "trainer_state.json"), "utf8")).log_history;
    expect(log.filter((row: object) => "eval_f1" in row)).toHaveLength(20);
    const predictions = readFileSync(join(out, "predictions.txt"), "utf8").split("\n");
    expect(predictions[0]).toBe("B-PER O O B-LOC");
    const long = predictions[4]!.split(" ");
    expect(long).toHaveLength(36);
    expect(long.slice(22)).toContain("B-PER"); // beyond the model's 24 positions
    expect(predictions[5]).toMatch(/^O \S+$/);
  });

  test("evaluate gives the same scores as the training's last evaluation", () => {
    const { code, stdout } = torchner([
      "evaluate",
      "--model",
      "out",
      "--file",
      "valid.txt",
      "--json",
      "--threads",
      "1",
    ]);
    const { eval_loss } = JSON.parse(readFileSync(join(out, "eval_results.json"), "utf8"));
    const all = { overall_precision: 1, overall_recall: 1, overall_f1: 1, overall_accuracy: 1 };
    const types = { LOC: scores(6), ORG: scores(2), PER: scores(8) };
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...all,
      ...types,
      loss: expect.closeTo(eval_loss, 6),
      samples: 8,
      skipped_words: 0,
    });
  });

  test("evaluate --analysis --valid-tags: the same scores, and what is behind them", () => {
    const args = ["evaluate", "--model", "out", "--file", "valid.txt", "--threads", "1"];
    const more = ["--analysis", "--train-file", "train.txt", "--valid-tags"];
    const found = JSON.parse(torchner([...args, ...more, "--json"]).stdout);
    expect(found).toMatchObject({ overall_f1: 1, PER: scores(8), samples: 8 });
    expect(found.valid_tags).toEqual({ overall_f1_without: 1, change: 0 });
    expect(found.analysis).toMatchObject({
      counts: { correct: 16, boundary: 0, type: 0, both: 0, missed: 0, spurious: 0 },
      by_seen: { same_type: { f1: 1, number: 16 }, unseen: { f1: 0, number: 0 } },
    });
    const { code, stdout } = torchner([...args, ...more]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/valid tags: F1 100\.00 -> 100\.00 \(\+0\.00\)/),
    ]);
    expect(stdout).toContain("Gold (rows) and what it was taken for");
    const alone = torchner([...args, "--train-file", "train.txt"]);
    expect([alone.code, alone.stderr]).toEqual([
      2,
      expect.stringContaining("--train-file: is for --analysis alone"),
    ]);
  });

  test("evaluate in reference numerics cuts long sentences: with and without --analysis, the same scores", () => {
    const args = ["evaluate", "--model", "out", "--file", "test.txt", "--numerics", "reference", "--json"];
    const plain = torchner([...args, "--threads", "1"]);
    const analysed = torchner([...args, "--threads", "1", "--analysis"]);
    expect([plain.code, analysed.code, plain.stderr, analysed.stderr].slice(0, 2)).toEqual([0, 0]);
    expect(plain.stderr).not.toContain("windows cover them");
    const { analysis, ...scores } = JSON.parse(analysed.stdout);
    expect(scores).toEqual(JSON.parse(plain.stdout));
    expect(scores.skipped_words).toBe(15);
    // 41 gold names; the 14 that were cut off are among the missed.
    expect(analysis.counts.missed).toBeGreaterThanOrEqual(14);
  });

  test("evaluate refuses a label that the model lacks, naming file and line", () => {
    writeFileSync(join(folder, "other.txt"), "Ana B-PER\nsings B-MUSIC\n");
    const { code, stderr } = torchner(["evaluate", "--model", "out", "--file", "other.txt"]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/other\.txt:2.*B-MUSIC/)]);
  });

  test("a second run into the same folder is refused, and allowed with --overwrite-output-dir", () => {
    const args = [
      "train",
      ...training,
      "--output-dir",
      "again",
      "--max-steps",
      "2",
      "--save-strategy",
      "steps",
      "--save-steps",
    ];
    expect(torchner([...args, "1", "--quiet"]).code).toBe(0);
    expect(torchner(args.concat("2"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--overwrite-output-dir"),
    });
    expect(readdirSync(join(folder, "again"))).toContain("checkpoint-1");
    expect(torchner([...args, "2", "--overwrite-output-dir", "--quiet"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    const names = readdirSync(join(folder, "again")).filter((name) => name.startsWith("checkpoint"));
    expect(names).toEqual(["checkpoint-2"]);
  });

  test("training does not start from a checkpoint that it would replace", () => {
    const args = ["--train-file", "train.txt", "--model", "again/checkpoint-2", "--output-dir", "again"];
    const { code, stderr } = torchner(["train", ...args, "--overwrite-output-dir", "--quiet"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/again.checkpoint-2 is part of the run in again/),
    ]);
    expect(readdirSync(join(folder, "again"))).toContain("checkpoint-2");
  });

  test("words of the training file that are not learnt are warned of and counted", () => {
    const args = ["--model", "tiny", "--from-scratch", "--threads", "1", "--max-steps", "1", "--quiet"];
    const cut = [...args, "--long-sequences", "truncate"];
    const lost = torchner(["train", "--train-file", "test.txt", ...cut, "--output-dir", "lost"]);
    expect([lost.code, lost.stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: test\.txt: 15 words of 2 sentences .* are not learnt/),
    ]);
    const results = (name: string) =>
      JSON.parse(readFileSync(join(folder, name, "train_results.json"), "utf8"));
    expect(results("lost")).toMatchObject({ train_skipped_words: 15 });
    expect(results("out")).not.toHaveProperty("train_skipped_words");
  });

  test("windows cover long sentences of a training file, and reference numerics cut them as Python does", () => {
    const args = [
      "--train-file",
      "test.txt",
      "--model",
      "tiny",
      "--from-scratch",
      "--threads",
      "1",
      "--max-steps",
      "1",
    ];
    const { code, stderr } = torchner(["train", ...args, "--output-dir", "windows"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("1 of 6 sentences are longer than the maximum length: 2 windows cover them"),
    ]);
    const reference = ["--numerics", "reference", "--output-dir", "reference", "--quiet"];
    expect(torchner(["train", ...args, ...reference]).stderr).toMatch(/test\.txt: 15 words of 2 sentences/);
  });

  test("a classifier of as many other labels is warned of", () => {
    writeFileSync(join(folder, "places.txt"), "Ana B-A\nBob I-A\nin B-B\nParis I-B\n. O\n");
    const args = ["--train-file", "places.txt", "--model", "out", "--output-dir", "other", "--threads", "1"];
    const { code, stderr } = torchner(["train", ...args, "--max-steps", "1", "--quiet"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: .*other labels \(B-LOC, B-ORG, B-PER, I-PER, O\)/),
    ]);
  });

  test("--early-stopping-patience ends the run", () => {
    const patience = ["--early-stopping-patience", "1", "--metric-for-best-model", "f1"];
    const best = ["--load-best-model-at-end"];
    const { code, stdout } = torchner([
      "train",
      ...evaluating,
      ...patience,
      ...best,
      "--output-dir",
      "early",
      "--json",
    ]);
    expect(code).toBe(0);
    const { global_step, train, eval: evaluated } = JSON.parse(stdout);
    expect(global_step).toBeLessThan(60);
    expect(evaluated.epoch).toBe(train.epoch); // the run's end, though the scores are the best epoch's
  });

  test("--early-stopping-threshold is what an evaluation must be better by", () => {
    const stopping = [
      "--early-stopping-patience",
      "1",
      "--early-stopping-threshold",
      "100",
      "--save-total-limit",
      "1",
    ];
    const run = [
      ...evaluating,
      ...stopping,
      "--load-best-model-at-end",
      "--output-dir",
      "threshold",
      "--json",
    ];
    const { code, stdout } = torchner(["train", ...run]);
    expect([code, JSON.parse(stdout).global_step]).toEqual([0, 6]); // the second evaluation cannot be
  });

  test("Ctrl-C stops the run in order: it ends with 75 and goes on, later, as if never stopped", async () => {
    const steps = ["--max-steps", "600", "--save-strategy", "steps", "--save-steps", "60"];
    const run = ["train", ...training, ...steps, "--save-total-limit", "1", "--output-dir", "stopped"];
    const child = spawn(process.execPath, [binary, ...run, "--quiet"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const names = () => (existsSync(join(folder, "stopped")) ? readdirSync(join(folder, "stopped")) : []);
    while (child.exitCode === null && !names().some((name) => name.startsWith("checkpoint-")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect(await ended).toBe(75);
    const kept = names();
    expect(kept).toEqual([expect.stringMatching(/^checkpoint-\d+$/)]);
    expect(stderr).toMatch(
      new RegExp(
        `^error: stopped by SIGINT after step \\d+, saved as ${kept[0]}; go on with .*-checkpoint auto\\n$`,
      ),
    );

    const resumed = torchner([...run, "--resume-from-checkpoint", "auto", "--quiet"]);
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    const whole = [...run.slice(0, -1), "whole", "--quiet"];
    expect(torchner(whole)).toMatchObject({ code: 0, stderr: "" });
    const file = (of: string, name: string) => readFileSync(join(folder, of, name), "utf8");
    expect(file("stopped", "model.safetensors") === file("whole", "model.safetensors")).toBe(true);
    const losses = (of: string) =>
      JSON.parse(file(of, "trainer_state.json")).log_history.filter((row: object) => "loss" in row);
    expect(losses("stopped")).toEqual(losses("whole"));
    expect(losses("whole")).toHaveLength(1);
  });

  test("a config gives the same run as the flags", () => {
    const config = `# paths lead from this file
train_file: ../train.txt
model: ../tiny
from_scratch: true
output_dir: ../by_config
save_strategy: no
max_steps: 2
seed: 7
threads: 1
`;
    mkdirSync(join(folder, "configs"));
    writeFileSync(join(folder, "configs", "run.yaml"), config);
    expect(torchner(["train", "configs/run.yaml", "--seed", "8"]).code).toBe(0);
    expect(
      torchner(["train", ...training, "--max-steps", "2", "--seed", "8", "--output-dir", "by_flags"]).code,
    ).toBe(0);
    const weights = (name: string) => readFileSync(join(folder, name, "model.safetensors"));
    expect(weights("by_config").equals(weights("by_flags"))).toBe(true);
  });

  test("a length that the model does not have is refused before anything is written", () => {
    const { code, stderr } = torchner([
      "train",
      ...training,
      "--output-dir",
      "long",
      "--max-seq-length",
      "25",
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("the model takes at most 24 pieces, got 25")]);
    expect(readdirSync(folder)).not.toContain("long");
  });

  test("--long-sequences error names the sentence", () => {
    const files = ["--train-file", "test.txt", "--model", "tiny", "--from-scratch", "--output-dir", "long"];
    const { code, stderr } = torchner(["train", ...files, "--long-sequences", "error"]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/test\.txt:\d+: .*38 pieces/)]);
  });

  describe("predict", () => {
    const text = "George Washington lived in Berlin.";
    const model = ["--model", "out", "--threads", "1"];

    test("tags a text in place", () => {
      const { code, stdout } = torchner(["predict", ...model, "--text", text]);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(
          /^\[George Washington\]\(PER [01]\.\d\d\) lived in \[Berlin\]\(LOC [01]\.\d\d\)\.\n$/,
        ),
      ]);
    });

    test("--json gives an array of entities for a text, and word is the slice", () => {
      const found = JSON.parse(torchner(["predict", ...model, "--text", text, "--json"]).stdout);
      expect(found).toEqual([
        { entity_group: "PER", score: expect.any(Number), word: "George Washington", start: 0, end: 17 },
        { entity_group: "LOC", score: expect.any(Number), word: "Berlin", start: 27, end: 33 },
      ]);
    });

    test("--json gives an array for each line of standard input, and none gives pieces", () => {
      const input = "Ana lived in Paris 😀\n\nBob works for Acme\n";
      const args = ["predict", ...model, "--json", "--aggregation-strategy", "none"];
      const found = JSON.parse(torchner(args, { input }).stdout);
      const [first, empty, third] = found.map((entities: { word: string }[]) =>
        entities.map(({ word }) => word),
      );
      expect(first).toEqual(expect.arrayContaining(["Ana", "Paris"]));
      expect(empty).toEqual([]);
      expect(third).toEqual(["Bob", "Acme"]);
      const score = expect.any(Number);
      expect(found[0][0]).toEqual({ entity: "B-PER", score, index: 1, word: "Ana", start: 0, end: 3 });
    });

    test("a line is answered when it comes, not when the input ends", async () => {
      const args = ["predict", ...model, "--format", "jsonl"];
      const child = spawn(process.execPath, [binary, ...args], { cwd: folder });
      const lines: string[] = [];
      const answered = async (count: number) => {
        while (lines.length < count && child.exitCode === null) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      };
      child.stdout.on("data", (chunk) => lines.push(...String(chunk).split("\n").filter(Boolean)));
      child.stdin.write("Ana lived in Paris\n");
      await answered(1);
      child.stdin.write("Bob works for Acme\n");
      await answered(2);
      child.stdin.end();
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
      expect(lines.map((line) => JSON.parse(line)[0].word)).toEqual(["Ana", "Bob"]);
    });

    test("a reader that leaves ends it quietly, whatever is still to come", async () => {
      const child = spawn(process.execPath, [binary, "predict", ...model, "--format", "jsonl"], {
        cwd: folder,
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      child.stdin.on("error", () => {}); // closed while it is written to
      child.stdin.write("Ana lived in Paris\n");
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.stdout.destroy();
      child.stdin.write("Bob works for Acme\n".repeat(2000));
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
      expect(stderr).toBe("");
    });

    test("--format jsonl gives one array a line, conll one word and tag", () => {
      writeFileSync(join(folder, "lines.txt"), "Ana lived  in Paris\r\nBob works for Acme");
      const lines = torchner(["predict", ...model, "--file", "lines.txt", "--format", "jsonl"])
        .stdout.trim()
        .split("\n");
      expect(lines.map((line) => JSON.parse(line).length)).toEqual([2, 2]);
      const columns = torchner(["predict", ...model, "--file", "lines.txt", "--format", "conll"]).stdout;
      expect(columns).toBe(
        "Ana B-PER\nlived O\nin O\nParis B-LOC\n\nBob B-PER\nworks O\nfor O\nAcme B-ORG\n\n",
      );
    });

    test("words are what stands between blanks, as in column files", () => {
      const args = ["predict", ...model, "--text", "Ana\u00a0x lived  \ufeffParis", "--format", "conll"];
      const words = torchner(args).stdout.trim().split("\n");
      expect(words.map((line) => line.split(" ")[0])).toEqual(["Ana\u00a0x", "lived", "\ufeffParis"]);
    });

    test("--is-split-into-words counts in the words joined by one blank", () => {
      const args = ["predict", ...model, "--is-split-into-words", "--json", "--text", "Ana   lived in Paris"];
      expect(JSON.parse(torchner(args).stdout)).toMatchObject([
        { word: "Ana" },
        { word: "Paris", start: 13, end: 18 },
      ]);
    });

    test("a checkpoint that was never fine-tuned is refused, not used with random tags", () => {
      const { code, stderr } = torchner(["predict", "--model", "tiny", "--text", text]);
      expect([code, stderr]).toEqual([3, expect.stringMatching(/tiny/)]);
    });
  });
});
