import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for each test, and the environment as it was after it. Call at the top of a test file. */
export function temporaryFolder(): () => string {
  let folder: string;
  const saved = { ...process.env };
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "torchner-test-")));
  });
  afterEach(() => {
    process.env = { ...saved };
    rmSync(folder, { recursive: true, force: true });
  });
  return () => folder;
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** Writes a zip file, which is also what a wheel is. */
export function writeZip(path: string, files: Record<string, string>): void {
  mkdirSync(dirname(path), { recursive: true });
  const script = [
    "import json, sys, zipfile",
    "with zipfile.ZipFile(sys.argv[1], 'w') as z:",
    "    for name, content in json.load(sys.stdin).items(): z.writestr(name, content)",
  ].join("\n");
  execFileSync("python3", ["-c", script, path], { input: JSON.stringify(files) });
}

const suffix = process.platform === "darwin" ? ".dylib" : ".so";

/** The files by which a libtorch is known; the libraries are empty. */
export function libtorchFiles(version: string, options: { cuda?: boolean } = {}): Record<string, string> {
  return {
    "include/ATen/ATen.h": "",
    "include/torch/headeronly/version.h": `#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION \\\n  "${version}"\n`,
    [`lib/libc10${suffix}`]: "",
    [`lib/libtorch_cpu${suffix}`]: "",
    ...(options.cuda ? { [`lib/libtorch_cuda${suffix}`]: "" } : {}),
  };
}
