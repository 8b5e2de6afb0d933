/** Numbers that go wrong, and memory that runs out, in real runs. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
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

/** Waits, with the addon open, until its input ends, and then makes the first product by oneDNN, if this CPU has any. */
const kernelScript = `
  const { runtimeInfo, setNumThreads } = await import(process.argv[1]);
  await setNumThreads(1);
  console.log("opened");
  for await (const _ of process.stdin) {}
  console.log(await runtimeInfo().then(({ matmul }) => matmul.backend, (error) => error.code + " " + error.message));`;

describeIf(process.platform === "linux", "ulimit -v limits memory on Linux only")(
  "memory that runs out",
  () => {
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

    // Of oneDNN's errors only the status says that it was memory.
    test("while oneDNN makes a kernel, is the same error", async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", kernelScript, index], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      let printed = "";
      child.stdout.on("data", (chunk) => {
        printed += chunk;
        if (printed !== "opened\n") return;
        const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
        const kilobytes = Number(/VmSize:\s+(\d+)/.exec(status)![1]);
        execFileSync("prlimit", ["--pid", String(child.pid), `--as=${kilobytes * 1024}`]);
        child.stdin.end();
      });
      const code = await new Promise((resolve) => child.once("close", resolve));
      expect([code, printed]).toEqual([
        0,
        expect.stringMatching(/^opened\n(EOOM out of memory \(oneDNN: .*|default)\n$/),
      ]);
    });
  },
);
