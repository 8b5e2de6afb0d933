import { rmSync } from "node:fs";
import { join } from "node:path";
import { findLibtorch, inspectLibtorch } from "../../../third_party/libtorch.mjs";
import { libtorchFiles, temporaryFolder, writeFiles } from "./temporary.ts";

const folder = temporaryFolder();
let lines: string[];
const log = (line: string) => void lines.push(line);

beforeEach(() => {
  lines = [];
  delete process.env.LIBTORCH;
  process.env.TORCHNER_CACHE = join(folder(), "cache");
  // An active Python without torch: isolated from the site-packages of this machine.
  process.env.PYTHONPATH = join(folder(), "python");
  writeFiles(folder(), { "python/sitecustomize.py": hideInstalledTorch });
});

/** Only a torch in PYTHONPATH is found, whatever this machine's Python has installed. */
const hideInstalledTorch = `
import os, sys
own = os.environ["PYTHONPATH"]
sys.path[:] = [p for p in sys.path if p == own or "site-packages" not in p]
`;

function put(path: string, version: string, options: { cuda?: boolean } = {}): string {
  writeFiles(join(folder(), path), libtorchFiles(version, options));
  return join(folder(), path);
}

test.each(["2.11.0", "2.12.1", "2.13.0", "2.14.0"])("libtorch %s is taken", (version) => {
  expect(inspectLibtorch(put("torch", version))).toEqual({ version, cuda: false });
});

test.each(["2.10.9", "2.15.0", "1.13.0", "3.0.0"])("libtorch %s is not", (version) => {
  expect(inspectLibtorch(put("torch", version))).toEqual({
    problem: expect.stringContaining(`is libtorch ${version}; torchner takes 2.11 to 2.14`),
  });
});

test("a folder is named with the first file that it lacks", () => {
  const path = put("torch", "2.13.0");
  rmSync(join(path, "include/ATen/ATen.h"));
  expect(inspectLibtorch(path)).toEqual({ problem: `no include/ATen/ATen.h in ${path}` });
});

test("--libtorch goes before LIBTORCH, and LIBTORCH before the cache", async () => {
  const [option, variable] = [put("option", "2.12.0"), put("variable", "2.12.0")];
  put("cache/libtorch/2.13.0-cpu/torch", "2.13.0");
  process.env.LIBTORCH = variable;
  await expect(findLibtorch({ libtorch: option, log })).resolves.toMatchObject({
    path: option,
    from: "--libtorch",
  });
  await expect(findLibtorch({ log })).resolves.toMatchObject({ path: variable, from: "LIBTORCH" });
  delete process.env.LIBTORCH;
  await expect(findLibtorch({ log })).resolves.toMatchObject({ version: "2.13.0", from: "cache" });
});

test("what the user named must do: nothing else is tried in its place", async () => {
  put("cache/libtorch/2.13.0-cpu/torch", "2.13.0");
  process.env.LIBTORCH = put("old", "2.9.0");
  await expect(findLibtorch({ log })).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringMatching(/^LIBTORCH: .*old is libtorch 2\.9\.0; torchner takes 2\.11 to 2\.14$/),
  });
  await expect(findLibtorch({ libtorch: "/nowhere", log })).rejects.toMatchObject({
    message: expect.stringMatching(/^--libtorch: no include/),
  });
});

test("the cache's pinned version goes first, then the newest", async () => {
  put("cache/libtorch/2.14.0-cpu/torch", "2.14.0");
  put("cache/libtorch/2.12.0-cpu/torch", "2.12.0");
  await expect(findLibtorch({ log })).resolves.toMatchObject({ version: "2.14.0" });
  put("cache/libtorch/2.13.0-cpu/torch", "2.13.0");
  await expect(findLibtorch({ log })).resolves.toMatchObject({ version: "2.13.0" });
});

test("a folder still being filled is not seen", async () => {
  put("cache/libtorch/.scratch.1.abc/content/torch", "2.13.0");
  await expect(findLibtorch({ log })).resolves.toBeUndefined();
});

test("the active Python's torch is found without importing it, after the cache", async () => {
  const path = put("python/torch", "2.13.0");
  writeFiles(path, { "__init__.py": "raise SystemExit('imported')" });
  await expect(findLibtorch({ log })).resolves.toMatchObject({ path, from: "python3" });
  put("cache/libtorch/2.12.0-cpu/torch", "2.12.0");
  await expect(findLibtorch({ log })).resolves.toMatchObject({ from: "cache" });
});

test("an unfit candidate is passed over with one line, and the next is taken", async () => {
  put("cache/libtorch/2.20.0-cpu/torch", "2.20.0");
  const path = put("python/torch", "2.13.0");
  writeFiles(path, { "__init__.py": "" });
  await expect(findLibtorch({ log })).resolves.toMatchObject({ path });
  expect(lines).toEqual([expect.stringMatching(/^passed over: .* is libtorch 2\.20\.0/)]);
});

test("with cuda, a build without it is passed over, or refused where it was named", async () => {
  const plain = put("cache/libtorch/2.13.0-cpu/torch", "2.13.0");
  await expect(findLibtorch({ cuda: true, log })).resolves.toBeUndefined();
  put("cache/libtorch/2.13.0-cuda/torch", "2.13.0", { cuda: true });
  await expect(findLibtorch({ cuda: true, log })).resolves.toMatchObject({ cuda: true });
  await expect(findLibtorch({ libtorch: plain, cuda: true, log })).rejects.toMatchObject({ code: "EENV" });
});
