/** A token that a user trusts a run with, and files that would run code: neither gets anywhere. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { knownToken, TestHub } from "../support/hub_server.ts";
import { call, text, torchFile } from "../support/torch_file.ts";
import { describeWithAddon, TinyRuns, until } from "./tiny_runs.ts";

describeWithAddon("a planted", () => {
  const runs = new TinyRuns();
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start();
  });
  afterAll(async () => {
    await hub.close();
    runs.remove();
  });

  const filesIn = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));

  test("token is in no argument, output or file of runs that push, fail and are stopped", async () => {
    const env = { HF_ENDPOINT: hub.url, HF_HOME: runs.at("home"), HF_TOKEN: knownToken, HF_HUB_OFFLINE: "0" };
    const pushing = [...runs.arguments("pushed", 4), "--push-to-hub", "--hub-model-id", "org/ner"];
    const outputs: string[] = [];
    outputs.push((await runs.run(pushing, { ...env, TORCHNER_DEBUG: "1" })).stderr);
    hub.fault = { kind: "status 500", from: 0, times: Number.POSITIVE_INFINITY };
    const failed = await runs.run([...pushing, "--overwrite-output-dir"], { ...env, TORCHNER_DEBUG: "1" });
    expect(failed.code).toBe(4);
    outputs.push(failed.stderr);

    const stopped = runs.start([...runs.arguments("stopped", 1000), "--report-to", "jsonl,tensorboard"], env);
    await until(stopped, () => runs.names("stopped").some((name) => name.startsWith("checkpoint-")));
    const arguments_ = `/proc/${stopped.child.pid}/cmdline`;
    if (existsSync(arguments_)) outputs.push(readFileSync(arguments_, "latin1"));
    stopped.child.kill("SIGTERM");
    const { code, stderr } = await stopped.ended;
    expect(code).toBe(75);
    outputs.push(stderr);

    const texts = [...outputs, ...filesIn(runs.at("pushed")), ...filesIn(runs.at("stopped"))];
    expect(texts.length).toBeGreaterThan(30);
    for (const one of texts) expect(one).not.toContain(knownToken);
    expect(hub.repos.get("models/org/ner")!.files["README.md"]!.content.length).toBeGreaterThan(100);
  });

  test("pickle is not run, by whatever name it lies in a folder that is read", async () => {
    const planted = runs.at("executed");
    const attack = torchFile(
      new Map(),
      Buffer.concat([
        Buffer.from([0x80, 2]),
        call("posix.system", text(`touch ${planted}`)),
        Buffer.from("."),
      ]),
    );
    const names = ["pytorch_model.bin", "training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"];
    for (const name of names) writeFileSync(runs.at("tiny", name), attack);
    const loading = runs.arguments("loaded", 2).filter((word) => word !== "--from-scratch");
    expect(await runs.run(loading)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("posix.system"),
    });
    const args = [...runs.arguments("resumed", 2), "--resume-from-checkpoint", "tiny"];
    expect(await runs.run(args)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("pickled and not read here"),
    });
    expect(existsSync(planted)).toBe(false);
  });
});
