/** What the machine must have before anything can be built, each with the command that installs it. */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { homeFolder } from "./paths.mjs";
import { run } from "./process.mjs";

/** @typedef {import("./setup.d.mts").Check} Check */
/** @typedef {"debian" | "fedora" | "macos"} System */

const rustup = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";

/** @type {Record<string, Record<System, string>>} */
const installs = {
  node: {
    debian: "install Node.js 20.19 or newer from https://nodejs.org",
    fedora: "sudo dnf install nodejs",
    macos: "brew install node",
  },
  compiler: {
    debian: "sudo apt install g++",
    fedora: "sudo dnf install gcc-c++",
    macos: "xcode-select --install",
  },
  cmake: { debian: "sudo apt install cmake", fedora: "sudo dnf install cmake", macos: "brew install cmake" },
  make: {
    debian: "sudo apt install ninja-build",
    fedora: "sudo dnf install ninja-build",
    macos: "brew install ninja",
  },
  // Distributions carry a Rust too old for the tokenizers crate.
  cargo: { debian: rustup, fedora: rustup, macos: "brew install rust" },
  python: {
    debian: "sudo apt install python3 python3-pip",
    fedora: "sudo dnf install python3 python3-pip",
    macos: "brew install python3",
  },
};

/**
 * The command that installs a tool here; on an unknown system the commands of all known ones.
 * @param {string} tool
 * @param {System | undefined} [system]
 */
export function remedy(tool, system = currentSystem()) {
  const commands = installs[tool];
  if (!commands) throw new Error(`no remedy for ${tool}`);
  if (system) return commands[system];
  return `${commands.debian} (Debian, Ubuntu), ${commands.fedora} (Fedora), ${commands.macos} (macOS)`;
}

/** @returns {System | undefined} */
function currentSystem() {
  if (process.platform === "darwin") return "macos";
  if (!existsSync("/etc/os-release")) return undefined;
  const release = readFileSync("/etc/os-release", "utf8");
  const ids = /** @type {string[]} */ (
    [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].map((match) => match[1])
  );
  if (/\b(debian|ubuntu)\b/.test(ids.join(" "))) return "debian";
  if (/\b(fedora|rhel)\b/.test(ids.join(" "))) return "fedora";
  return undefined;
}

/** rustup's folder is on PATH only in shells opened after it was installed. */
export function environmentWithCargo() {
  return {
    ...process.env,
    PATH: `${process.env.PATH ?? ""}${delimiter}${join(homeFolder(), ".cargo", "bin")}`,
  };
}

/**
 * Looks at every tool, whether or not one before it is missing.
 * @param {{ python: boolean }} needs  python3 and pip matter only while something has to be downloaded
 * @returns {Promise<Check[]>}
 */
export async function checkPrerequisites(needs) {
  const checks = [checkNode(), checkCompiler(), checkCmake(), checkMake(), checkCargo()];
  if (needs.python) checks.push(checkPython());
  return Promise.all(checks);
}

/**
 * @param {{ python: boolean }} needs
 * @throws {SetupError} that names everything missing
 */
export async function requirePrerequisites(needs) {
  const missing = (await checkPrerequisites(needs)).filter((check) => !check.ok);
  if (missing.length === 0) return;
  const lines = missing.map((check) => `  ${check.name}: ${check.detail}\n      ${check.remedy}`);
  throw new SetupError(`this machine lacks what torchner is built with:\n${lines.join("\n")}`);
}

/**
 * @param {string} name
 * @param {boolean} ok
 * @param {string} detail
 * @param {string} tool
 * @returns {Check}
 */
function check(name, ok, detail, tool) {
  return ok ? { name, ok, detail } : { name, ok, detail, remedy: remedy(tool) };
}

async function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return check(
    "node",
    ok,
    ok ? process.versions.node : `${process.versions.node} is older than 20.19`,
    "node",
  );
}

/** A version number says little about a compiler's library, so this compiles two C++20 headers. */
async function checkCompiler() {
  const compiler = process.env.CXX ?? "c++";
  const program =
    "#include <concepts>\n#include <span>\nint main() { return std::span<int>{}.empty() ? 0 : 1; }\n";
  const result = await run(compiler, ["-std=c++20", "-fsyntax-only", "-x", "c++", "-"], { input: program });
  if (result.status === 127) return check("C++ compiler", false, `${compiler} is not there`, "compiler");
  if (result.status !== 0) return check("C++ compiler", false, `${compiler} does not know C++20`, "compiler");
  const version = await run(compiler, ["--version"]);
  return check("C++ compiler", true, version.stdout.split("\n")[0] ?? compiler, "compiler");
}

async function checkCmake() {
  return checkVersion("cmake", await run("cmake", ["--version"]), [3, 18], "cmake");
}

async function checkMake() {
  const [ninja, make] = await Promise.all([run("ninja", ["--version"]), run("make", ["--version"])]);
  if (ninja.status === 0) return check("ninja or make", true, `ninja ${ninja.stdout.trim()}`, "make");
  const ok = make.status === 0;
  return check("ninja or make", ok, ok ? (make.stdout.split("\n")[0] ?? "make") : "neither is there", "make");
}

async function checkCargo() {
  const result = await run("cargo", ["--version"], { env: environmentWithCargo() });
  return checkVersion("cargo", result, [1, 85], "cargo");
}

/** `ensurepip`-less Debian has a python3 without pip, so both are asked for in one go. */
async function checkPython() {
  const python = await run("python3", ["--version"]);
  if (python.status !== 0) return check("python3 with pip", false, "python3 is not there", "python");
  const pip = await run("python3", ["-m", "pip", "--version"]);
  const version = `${python.stdout}${python.stderr}`.trim();
  if (pip.status !== 0) return check("python3 with pip", false, `${version} has no pip`, "python");
  return check(
    "python3 with pip",
    true,
    `${version}, ${pip.stdout.split(" ").slice(0, 2).join(" ")}`,
    "python",
  );
}

/**
 * @param {string} name
 * @param {{ status: number, stdout: string }} result
 * @param {[number, number]} least
 * @param {string} tool
 */
function checkVersion(name, result, least, tool) {
  if (result.status !== 0) return check(name, false, "not there", tool);
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(result.stdout) ?? []).map(Number);
  const ok = major > least[0] || (major === least[0] && minor >= least[1]);
  const line = result.stdout.split("\n")[0] ?? name;
  return check(name, ok, ok ? line : `${line} is older than ${least.join(".")}`, tool);
}
