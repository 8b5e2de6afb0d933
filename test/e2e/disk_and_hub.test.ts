/** The real binary where a run touches what can fail outside it: a disk that fills up, a hub that takes an upload. */
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
import { pathToFileURL } from "node:url";
import { addonPath } from "../../lib/native/load.ts";
import { knownToken, TestHub } from "../support/hub_server.ts";
import { describeIf } from "../support/shared.ts";
import { binary, sentences, writeTinyCheckpoint } from "./tiny_run.ts";

const folder = mkdtempSync(join(tmpdir(), "torchner-e2e-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const training = [
  ...["train", "--train-file", join(folder, "train.txt"), "--model", join(folder, "tiny"), "--from-scratch"],
  ...["--threads", "1", "--max-steps", "6", "--quiet"],
];
beforeAll(() => {
  writeTinyCheckpoint(join(folder, "tiny"));
  writeFileSync(join(folder, "train.txt"), sentences(20));
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** In a process beside this one, so that a server of the test's can answer it. */
function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env } });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (ended.stdout += chunk));
  child.stderr.on("data", (chunk) => (ended.stderr += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

const torchner = (args: readonly string[], env?: Record<string, string>) =>
  run(process.execPath, [binary, ...args], env);

const canMount =
  existsSync(addonPath) &&
  spawnSync("unshare", ["-rm", "sh", "-c", `mount -t tmpfs tmpfs ${JSON.stringify(folder)}`]).status === 0;

describeIf(canMount, "a small disk cannot be mounted here (unshare -rm), or the native addon is not built")(
  "a disk that fills up",
  () => {
    test("ends the run with 7; the checkpoint before is whole, and the run goes on from it elsewhere", async () => {
      const disk = join(folder, "disk");
      const kept = join(folder, "kept");
      mkdirSync(disk);
      const saving = [...training, "--save-strategy", "steps", "--save-steps", "2"];
      // Room for one checkpoint, not for two. What is on the disk goes with the mount, so it is copied off it.
      const script = `
        mount -t tmpfs -o size=400k tmpfs "$1" || exit 99
        disk="$1" kept="$2"; shift 2
        "$@" --output-dir "$disk/out"; code=$?
        cp -a "$disk/out" "$kept"; exit $code`;
      const places = ["-rm", "sh", "-c", script, "sh", disk, kept];
      const { code, stderr } = await run("unshare", [...places, process.execPath, binary, ...saving]);
      expect([code, stderr]).toEqual([
        7,
        expect.stringMatching(
          /checkpoint-4.*: [Nn]o space left on device \(\d+ bytes free\); free some space/,
        ),
      ]);
      expect(readdirSync(kept)).toEqual(["checkpoint-2"]);

      const resumed = await torchner([...saving, "--output-dir", kept, "--resume-from-checkpoint", "auto"]);
      expect(resumed).toMatchObject({ code: 0, stderr: "" });
      const whole = join(folder, "whole");
      expect(await torchner([...saving, "--output-dir", whole])).toMatchObject({ code: 0, stderr: "" });
      const weights = (of: string) => readFileSync(join(of, "model.safetensors"));
      expect(weights(kept).equals(weights(whole))).toBe(true);
    });
  },
);

test.each([
  ["jsonl", "jsonlLogger", "file", /\}\n/g],
  ["tensorboard", "tensorboard", "logDir", /train\/loss.{9}/gs], // the value, and the record's checksum
])("a row that a full disk takes half of ends the run (%s)", async (file, name, option, row) => {
  const log = join(folder, name);
  const script = `
    const { ${name} } = await import(${JSON.stringify(new URL(`../callbacks/${file}.js`, pathToFileURL(binary)))});
    const callback = ${name}({ ${option}: ${JSON.stringify(log)} });
    await callback.onTrainBegin({ outputDir: "." }, { globalStep: 0 }, {}, { model: { config: {} } });
    for (let step = 1; step <= 100; step++) {
      await callback.onLog({}, { globalStep: step }, {}, { logs: { loss: 1 } });
      console.log(step);
    }`;
  // The system writes what fits below the limit, and fails only when it is asked again.
  const limited = [
    "-c",
    'ulimit -f 1; exec "$@"',
    "sh",
    process.execPath,
    "--input-type=module",
    "-e",
    script,
  ];
  const { code, stdout, stderr } = await run("sh", limited);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`Cannot write the log ${log}`)]);
  const written = readFileSync(option === "logDir" ? join(log, readdirSync(log)[0]!) : log, "latin1");
  expect(written.match(row)).toHaveLength(stdout.trimEnd().split("\n").length);
});

describeIf(existsSync(addonPath), "the native addon is not built")("--push-to-hub", () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start();
  });
  afterAll(() => hub.close());

  const pushing = [
    ...training,
    "--push-to-hub",
    "--hub-model-id",
    "org/ner",
    "--json",
    "--save-strategy",
    "no",
  ];
  const environment = (token: string) => ({
    ...{ HF_ENDPOINT: hub.url, HF_HOME: join(folder, "home"), HF_TOKEN: token, HF_HUB_OFFLINE: "0" },
  });

  test("uploads the finished folder once and says where it is", async () => {
    const args = [...pushing, "--output-dir", "pushed"];
    const { code, stdout, stderr } = await torchner(args, environment(knownToken));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout).hub_url).toBe(`${hub.url}/org/ner`);
    expect(hub.requests.filter(({ path }) => path.includes("/commit/"))).toHaveLength(1);
    const { files } = hub.repos.get("models/org/ner")!;
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(["README.md", "config.json", "model.safetensors", "tokenizer.json"]),
    );
    expect(files["model.safetensors"]!.content).toEqual(
      readFileSync(join(folder, "pushed", "model.safetensors")),
    );
  });

  test("without a token it is refused before any work", async () => {
    const { code, stderr } = await torchner([...pushing, "--output-dir", "refused"], environment(""));
    expect([code, stderr]).toEqual([2, expect.stringContaining("HF_TOKEN")]);
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });
});
