/** What `npm start` runs once everything is set up. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeUserFolder, runIn } from "./user_folder.ts";

const folder = makeUserFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let shown = "";
beforeAll(() => {
  // A run before this one, which the new run must replace.
  runIn(folder, "mkdir -p quickstart-out/checkpoint-1", 10);
  writeFileSync(join(folder, "quickstart-out", "leftover.txt"), "");
  const { status, stdout, stderr } = runIn(folder, "node examples/quickstart.mjs", 540);
  if (status !== 0) throw new Error(`the quickstart failed: ${stderr || stdout}`);
  shown = stdout;
}, 600_000);

test("it ends with scores per type, good ones though most names are new to the model", () => {
  const f1 = Object.fromEntries(
    [...shown.matchAll(/^ {2}(LOC|MISC|ORG|PER|all) +[\d.]+ +[\d.]+ +([\d.]+)$/gm)].map(([, type, score]) => [
      type,
      Number(score),
    ]),
  );
  expect(Object.keys(f1)).toEqual(["LOC", "MISC", "ORG", "PER", "all"]);
  // 500 sentences taught it; a run that learns nothing scores below 10, one epoch gives about 58.
  expect(f1.all).toBeGreaterThan(75);
});

test("it shows a sentence with its names marked", () => {
  expect(shown).toMatch(/\[Ottilie Brandt PER\]/);
  expect(shown).toMatch(/\[Nairobi LOC\]/);
});

test("it leaves one model, and nothing of an earlier run", () => {
  const present = (name: string) => existsSync(join(folder, "quickstart-out", name));
  expect(["model.safetensors", "config.json", "tokenizer.json"].filter((name) => !present(name))).toEqual([]);
  expect(["leftover.txt", "checkpoint-1"].filter(present)).toEqual([]);
});

test("the commands it proposes work as they are printed", () => {
  const commands = shown.match(/^ {2}npx torchner .*$/gm) ?? [];
  expect(commands.length).toBeGreaterThanOrEqual(3);
  for (const command of commands) {
    const [runs = ""] = command.split(/ {3,}(?=\w)/);
    const { status, stdout, stderr } = runIn(folder, runs.trim(), 120);
    expect({ command, status, stderr: status === 0 ? "" : stderr }).toEqual({
      command,
      status: 0,
      stderr: "",
    });
    expect(stdout).not.toBe("");
  }
}, 240_000);
