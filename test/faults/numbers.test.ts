/** Numbers that go wrong, and memory that runs out, in real runs. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { runtimeInfo } from "../../lib/model/runtime.ts";
import { addonPath } from "../../lib/native/load.ts";
import { describeIf, projectRoot } from "../support/shared.ts";
import { describeWithAddon, isFull, report, TinyRuns } from "./tiny_runs.ts";

describeWithAddon("a run whose numbers go wrong", () => {
  const runs = new TinyRuns();
  afterAll(() => runs.remove());
  const lost = (name: string, rate: string, more: readonly string[] = []) =>
    runs.run([
      ...runs.arguments(name, 40).map((word) => (word === "1e-3" ? rate : word)),
      ...[
        "--save-steps",
        "1",
        "--validation-file",
        "train.txt",
        "--eval-strategy",
        "steps",
        "--eval-steps",
        "1",
      ],
      ...["--load-best-model-at-end", ...more],
    ]);

  test("ends with 6, names the sentences and keeps what the model saw, and leaves whole checkpoints", async () => {
    const { code, stderr } = await lost("lost", "1e30");
    expect([code, stderr]).toEqual([
      6,
      expect.stringMatching(
        /^error: The loss was (NaN|Infinity) in step 2, .*train\.txt:\d+, .*checkpoint-1 is the/,
      ),
    ]);
    expect(runs.names("lost")).toEqual(["checkpoint-1", "nonfinite_batch.json"]);
    const { sentences } = JSON.parse(readFileSync(runs.at("lost", "nonfinite_batch.json"), "utf8"));
    const lines = readFileSync(runs.at("train.txt"), "utf8").split("\n");
    for (const { sentence, labels } of sentences) {
      const first = Number(/^train\.txt:(\d+)$/.exec(sentence)![1]) - 1;
      const words = lines.slice(first, lines.indexOf("", first));
      expect(labels.filter((label: number) => label !== -100)).toHaveLength(words.length);
    }
    using model = await AutoModelForTokenClassification.fromPretrained(runs.at("lost", "checkpoint-1"));
    expect(model.labels).toHaveLength(5);
    const state = JSON.parse(readFileSync(runs.at("lost", "checkpoint-1", "trainer_state.json"), "utf8"));
    expect(state).toMatchObject({ best_metric: null, best_model_checkpoint: null });
  });

  test("ends before weights are saved that an update has made infinite", async () => {
    const { code, stderr } = await lost("infinite", "1e39");
    expect([code, stderr]).toEqual([
      6,
      expect.stringContaining("Step 1 left weights that are NaN or infinite"),
    ]);
    expect(runs.names("infinite")).toEqual([]);
  });
});

/** Trains with `size` sentences of 512 pieces a batch, for each size in one process, and prints how each went. */
const script = `
  const { AutoModelForTokenClassification, DataCollatorForTokenClassification, Dataset, setNumThreads, Trainer,
    TrainingArguments } = await import(process.argv[1]);
  await setNumThreads(1);
  const config = { model_type: "bert", vocab_size: 60, hidden_size: 64, num_hidden_layers: 2,
    num_attention_heads: 8, intermediate_size: 256, max_position_embeddings: 512 };
  const model = await AutoModelForTokenClassification.fromConfig(config, { labels: ["O", "B-X"] });
  const dataCollator = new DataCollatorForTokenClassification({ padTokenId: 0, padTokenTypeId: 0 });
  const row = () => ({ inputIds: new Int32Array(512).fill(7), tokenTypeIds: new Int32Array(512),
    attentionMask: new Int32Array(512).fill(1), labels: new Int32Array(512),
    wordIds: Int32Array.from({ length: 512 }, (_, i) => i), wordLabels: new Int32Array(512) });
  for (const size of [256, 1]) {
    const trainDataset = new Dataset(Array.from({ length: size }, row));
    const args = new TrainingArguments({ outputDir: process.argv[2], maxSteps: 1, saveStrategy: "no",
      perDeviceTrainBatchSize: size, disableTqdm: true });
    const trainer = new Trainer({ model, dataCollator, trainDataset, args, log: () => {} });
    const ended = await trainer.train().then(() => "trained", (error) => error.code + " " + error.message);
    console.log(size + ": " + ended);
  }
  model.dispose();`;

/** Waits, with the addon open, until its input ends, and then makes the first product by oneDNN. */
const kernelScript = `
  const { runtimeInfo, setNumThreads } = await import(process.argv[1]);
  await setNumThreads(1);
  console.log("opened");
  for await (const _ of process.stdin) {}
  console.log(await runtimeInfo().then(({ matmul }) => matmul.backend, (error) => error.code + " " + error.message));`;

const isLinux = process.platform === "linux";
const canStarveOneDnn =
  isLinux &&
  spawnSync("prlimit", ["--version"]).status === 0 &&
  existsSync(addonPath) &&
  (await runtimeInfo()).matmul.backend === "oneDNN";
const refusedByOneDnn = "EOOM out of memory (oneDNN: ";

/** What `kernelScript` says, or how it dies, where it gets so many megabytes beyond what it has when it is open. */
async function firstProduct(index: string, megabytes: number): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", kernelScript, index], {
    ...{ stdio: ["pipe", "pipe", "ignore"], timeout: 60_000, killSignal: "SIGKILL" },
  });
  child.stdin.on("error", () => {}); // by then it may be dead
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  try {
    expect(await lines.next()).toEqual({ done: false, value: "opened" });
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    const bytes = Number(/VmSize:\s+(\d+)/.exec(status)![1]) * 1024 + megabytes * 2 ** 20;
    execFileSync("prlimit", ["--pid", String(child.pid), `--as=${bytes}`]);
    child.stdin.end();
    const { value } = await lines.next();
    return value ?? `ended with ${await ended}`;
  } finally {
    child.kill("SIGKILL");
  }
}

describeIf(isLinux, "ulimit -v limits memory on Linux only")("memory that runs out", () => {
  const runs = new TinyRuns();
  afterAll(() => runs.remove());
  const index = pathToFileURL(join(projectRoot, "dist", "index.js")).href;
  const limited = (megabytes: number) =>
    spawnSync(
      "bash",
      [
        ...["-c", `ulimit -v ${megabytes * 1024} && exec "$@"`, "bash", process.execPath],
        ...["--input-type=module", "-e", script, index, runs.at("out")],
      ],
      { encoding: "utf8", timeout: 120_000 },
    );

  test("is an error that says what to change, and the same process trains a smaller batch", () => {
    const limits = isFull ? Array.from({ length: 12 }, (_, i) => 1800 + 100 * i) : [2000];
    let refused = 0;
    for (const megabytes of limits) {
      const { stdout, stderr, status } = limited(megabytes);
      expect([megabytes, status, stderr]).toEqual([megabytes, 0, ""]);
      const [large, small] = stdout.split("\n");
      expect(small).toBe("1: trained");
      if (large === "256: trained") continue;
      expect(large).toMatch(
        /^256: EOOM Step 1: out of memory \(.*\), at a batch of 256 sentences, the longest 512 pieces\. Lower .*max-seq-length/,
      );
      refused++;
    }
    expect(refused).toBeGreaterThan(0);
    report(`${refused} of ${limits.length} limits of memory reached; all processes went on`);
    expect(existsSync(runs.at("out"))).toBe(true);
  }, 600_000);

  describeIf(canStarveOneDnn, "needs prlimit, and a CPU where products are oneDNN's")("of oneDNN", () => {
    // Only the status says that it was memory. How much it takes to get as far as oneDNN is up to the machine: with
    // too little V8 ends first, or libtorch; with enough nothing fails.
    test("while it makes a kernel, is the same error", async () => {
      const outcomes: string[] = [];
      for (const megabytes of [0, 1, 2, 4, 8, 16]) {
        const outcome = await firstProduct(index, megabytes);
        outcomes.push(`${megabytes} MB more: ${outcome}`);
        expect(outcomes).not.toContainEqual(expect.stringContaining("EENV"));
        if (outcome.startsWith(refusedByOneDnn)) break;
      }
      expect(outcomes).toContainEqual(expect.stringContaining(refusedByOneDnn));
    }, 600_000);
  });
});
