import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../../../lib/hub/resolve.ts";

let root: string;
const saved = { ...process.env };

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "torchner-hub-")));
  process.env.HF_HUB_CACHE = join(root, "hub");
  process.env.TORCHNER_CACHE = join(root, "cache");
  process.env.HF_HUB_OFFLINE = "1";
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(root, { recursive: true });
});

function folderWith(path: string, files: Record<string, string>): string {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test("a folder resolves to its absolute path", async () => {
  const folder = folderWith("model", { "config.json": "{}" });
  await expect(resolveModel(join(root, "other", "..", "model"))).resolves.toBe(folder);
});

test("a folder without config.json is refused, and the message names file and remedy", async () => {
  const folder = folderWith("model", { "model.safetensors": "" });
  await expect(resolveModel(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(/model has no config\.json; give the folder/),
  });
});

test("a folder without config.json will do where none is asked for", async () => {
  const folder = folderWith("tokenizer", { "tokenizer.json": "{}" });
  await expect(resolveModel(folder, { requires: null })).resolves.toBe(folder);
});

test("a git-lfs pointer in the place of the weights is named as such", async () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 90864192\n";
  const folder = folderWith("model", { "config.json": "{}", "model.safetensors": pointer });
  await expect(resolveModel(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(/model\.safetensors is a git-lfs pointer.*git lfs pull/),
  });
});

test.each([
  "./missing",
  "../missing",
  "/missing/model",
  "a/b/c",
])("%s is reported as a missing folder", async (path) => {
  await expect(resolveModel(path)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining(`there is no folder ${path}`),
  });
});

describe("a hub id", () => {
  const checkpoint = { "config.json": "{}", "model.safetensors": "" };

  test("is found in Hugging Face's cache through refs/main", async () => {
    folderWith("hub/models--org--name/refs", { main: "0123abc\n" });
    const snapshot = folderWith("hub/models--org--name/snapshots/0123abc", checkpoint);
    await expect(resolveModel("org/name")).resolves.toBe(snapshot);
  });

  test("takes another revision, by name or by commit", async () => {
    folderWith("hub/models--name/refs", { v2: "feed" });
    const snapshot = folderWith("hub/models--name/snapshots/feed", checkpoint);
    await expect(resolveModel("name@v2")).resolves.toBe(snapshot);
    await expect(resolveModel("name@feed")).resolves.toBe(snapshot);
    await expect(resolveModel("name@other")).rejects.toMatchObject({ code: "ECHECKPOINT" });
  });

  test("cannot leave the cache by its revision", async () => {
    folderWith("hub/models--name/snapshots", {});
    folderWith("hub/secret", { "config.json": "{}" });
    await expect(resolveModel("name@../../secret")).rejects.toMatchObject({ code: "ECHECKPOINT" });
  });

  test("gives way to a folder of the same name", async () => {
    folderWith("hub/models--name/refs", { main: "feed" });
    folderWith("hub/models--name/snapshots/feed", checkpoint);
    const folder = folderWith("name", { "config.json": "{}" });
    const before = process.cwd();
    process.chdir(root);
    try {
      await expect(resolveModel("name")).resolves.toBe(folder);
    } finally {
      process.chdir(before);
    }
  });
});
