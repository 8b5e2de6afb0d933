import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readShardIndex } from "../../../lib/hub/shard_index.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "torchner-shards-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function index(content: unknown): string {
  const path = join(root, "model.safetensors.index.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

test("each file is named once, by its absolute path, in the order of the names", async () => {
  mkdirSync(join(root, "deep"));
  for (const name of ["b.safetensors", "a.safetensors", "deep/c.safetensors"])
    writeFileSync(join(root, name), "");
  const path = index({
    metadata: { total_size: 12 },
    weight_map: { z: "b.safetensors", y: "a.safetensors", x: "b.safetensors", w: "deep/c.safetensors" },
  });
  await expect(readShardIndex(path)).resolves.toEqual(
    ["a.safetensors", "b.safetensors", "deep/c.safetensors"].map((name) => join(root, name)),
  );
});

test("a file that is not there is named with the index", async () => {
  await expect(
    readShardIndex(index({ weight_map: { w: "model-00001-of-00001.safetensors" } })),
  ).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(
      /index\.json names .*model-00001-of-00001\.safetensors, which is not there/,
    ),
  });
});

test.each([
  "../model.safetensors",
  "a/../../model.safetensors",
  "a/./b",
  "/etc/passwd",
  "//server/share/model",
  "\\\\server\\share\\model",
  "..\\model.safetensors",
  "C:/model.safetensors",
  "C:model.safetensors",
  "model\0.safetensors",
  "",
  7,
  null,
])("the file name %j is refused", async (name) => {
  await expect(readShardIndex(index({ weight_map: { w: name } }))).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("is not a path inside its own folder"),
  });
});

test.each([
  ["no JSON", "{", "is not JSON"],
  ["null", "null", "has no weight_map"],
  ["a list", '{"weight_map":["a"]}', "has no weight_map"],
  ["an empty map", '{"weight_map":{}}', "has an empty weight_map"],
])("an index of %s is refused", async (_, text, message) => {
  await expect(readShardIndex(index(text))).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining(message),
  });
});

test("a missing index is an input error", async () => {
  await expect(readShardIndex(join(root, "none.index.json"))).rejects.toMatchObject({ code: "EIO" });
});
