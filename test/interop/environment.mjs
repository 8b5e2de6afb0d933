/** Where the interop suite's Python lies, and which packages it must have. Node's own modules only. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export const scriptFolder = join(here, "python");
export const requirementsFile = join(scriptFolder, "requirements.txt");
export const environmentFolder = join(
  here,
  "..",
  "..",
  "node_modules",
  ".cache",
  "torchner",
  "interop-python",
);

/** The interpreter named by TORCHNER_INTEROP_PYTHON, else that of the suite's own environment. */
export function interopPython() {
  return process.env.TORCHNER_INTEROP_PYTHON || join(environmentFolder, "bin", "python");
}

/** `name==version` lines of the requirements; bits depend on these, so nothing near them will do. */
export function pinnedVersions() {
  const lines = readFileSync(requirementsFile, "utf8").split("\n");
  return Object.fromEntries(
    lines.filter((line) => line.includes("==")).map((line) => line.trim().split("==")),
  );
}

/**
 * What an interpreter lacks, one line each; empty when it will do.
 * @param {string} python
 * @returns {string[]}
 */
export function versionFaults(python) {
  const pins = pinnedVersions();
  const program =
    "import json, sys, importlib.metadata as m\n" +
    "found = {}\n" +
    "for name in sys.argv[1:]:\n" +
    "    try: found[name] = m.version(name)\n" +
    "    except m.PackageNotFoundError: found[name] = None\n" +
    "print(json.dumps(found))";
  const result = spawnSync(python, ["-c", program, ...Object.keys(pins)], { encoding: "utf8" });
  if (result.error || result.status !== 0) {
    return [`${python} does not run: ${result.error?.message ?? result.stderr.trim()}`];
  }
  const found = JSON.parse(result.stdout);
  return Object.entries(pins).flatMap(([name, version]) => {
    // Wheels of other builds carry a local part: 2.13.0+cpu has the same kernels as 2.13.0.
    if (found[name]?.split("+")[0] === version) return [];
    return [`${name} ${version} is needed, ${found[name] ? `${found[name]} is there` : "none is there"}`];
  });
}
