/**
 * Lays down the Python that the interop suite compares with: `node test/interop/setup.mjs`. It needs python3 with
 * venv and pip, and about 6 GB: the torch wheel of the package index links against its CUDA libraries and does not
 * import without them. TORCHNER_INTEROP_PYTHON=/path/to/python takes an interpreter that has the packages instead.
 * A second run finds its stamp and does nothing.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentFolder, interopPython, requirementsFile, versionFaults } from "./environment.mjs";

const stampFile = join(environmentFolder, "torchner-stamp.txt");

function main() {
  if (process.env.TORCHNER_INTEROP_PYTHON) return checkGiven();
  const wanted = readFileSync(requirementsFile, "utf8");
  if (readStamp() === wanted) return;
  console.error(`interop: installing torch and transformers into ${environmentFolder} (some minutes, 6 GB)`);
  rmSync(environmentFolder, { recursive: true, force: true });
  mkdirSync(dirname(environmentFolder), { recursive: true });
  run("python3", ["-m", "venv", environmentFolder]);
  // pip unpacks in TMPDIR, and /tmp is often a small memory disk.
  const temporary = join(environmentFolder, "tmp");
  mkdirSync(temporary);
  const install = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"];
  run(interopPython(), [...install, "-r", requirementsFile], { TMPDIR: temporary });
  rmSync(temporary, { recursive: true });
  refuseFaults(interopPython());
  writeFileSync(stampFile, wanted);
}

function checkGiven() {
  refuseFaults(process.env.TORCHNER_INTEROP_PYTHON);
}

function readStamp() {
  try {
    return readFileSync(stampFile, "utf8");
  } catch {
    return undefined;
  }
}

function refuseFaults(python) {
  const faults = versionFaults(python);
  if (faults.length === 0) return;
  fail(
    `${python} cannot serve:\n  ${faults.join("\n  ")}\nInstall them: ${python} -m pip install -r ${requirementsFile}`,
  );
}

function run(program, args, environment = {}) {
  const result = spawnSync(program, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...environment },
  });
  if (result.error)
    fail(`${program} does not start: ${result.error.message}. Install python3 with venv and pip.`);
  if (result.status !== 0)
    fail(`${program} ${args.slice(0, 3).join(" ")} ended with status ${result.status}`);
}

function fail(message) {
  console.error(`interop: ${message}`);
  process.exit(1);
}

main();
