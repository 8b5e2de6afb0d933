/** Wheels by way of pip, for this machine's platform and whatever Python runs pip. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { projectRoot } from "./paths.mjs";
import { lastWords, run } from "./process.mjs";

/**
 * Every tag that a wheel for this machine may carry: given --platform, pip takes the named tags and derives no
 * older ones. torch is built for glibc 2.28, NVIDIA's wheels for anything from 2.17.
 */
function platformTags() {
  if (process.platform === "darwin") return ["macosx_14_0_arm64"];
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const versions = Array.from({ length: 12 }, (_, older) => `manylinux_2_${28 - older}_${machine}`);
  return [...versions, `manylinux2014_${machine}`];
}

/**
 * Downloads one wheel and gives its path.
 * @param {string} requirement  such as `torch==2.13.0`
 * @param {string} folder  an own folder under it takes the wheel and pip's temporary files
 */
export async function downloadWheel(requirement, folder) {
  const target = join(folder, `wheel-${requirement.replace(/[^\w.-]+/g, "_")}`);
  mkdirSync(target, { recursive: true });
  const args = [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--no-cache-dir",
    "--disable-pip-version-check",
  ];
  args.push("--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11");
  for (const tag of platformTags()) args.push("--platform", tag);
  // pip works in TMPDIR, and /tmp is often too small for a wheel of 500 MB.
  const result = await run("python3", [...args, "--dest", target, requirement], {
    env: { ...process.env, TMPDIR: target },
  });
  const wheel = readdirSync(target).find((name) => name.endsWith(".whl"));
  if (result.status !== 0 || !wheel)
    throw new SetupError(`pip could not download ${requirement}:\n${lastWords(result)}`);
  return join(target, wheel);
}

/**
 * @param {string} wheel
 * @param {string} folder
 * @param {RegExp[]} patterns  of the paths to take; at least one file must match
 */
export async function unpackWheel(wheel, folder, patterns) {
  const count = Number(await wheelScript(["unpack", wheel, folder, ...patterns.map((p) => p.source)]));
  if (count === 0) throw new SetupError(`${wheel} has no file that matches ${patterns.join(" or ")}`);
}

/**
 * @param {string} wheel
 * @param {string[]} extras
 * @returns {Promise<{ name: string, extras: string[], specifier: string }[]>}
 */
export async function wheelRequirements(wheel, extras) {
  return JSON.parse(await wheelScript(["requires", wheel, ...extras]));
}

/** @param {string} wheel */
export async function wheelFiles(wheel) {
  return /** @type {string[]} */ (JSON.parse(await wheelScript(["list", wheel])));
}

/** @param {string[]} args */
async function wheelScript(args) {
  const result = await run("python3", [join(projectRoot, "third_party", "wheel.py"), ...args]);
  if (result.status !== 0) throw new SetupError(`reading ${args[1]} failed:\n${lastWords(result)}`);
  return result.stdout;
}
