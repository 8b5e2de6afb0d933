/**
 * `npm run lint [-- --output FILE]`: every check that runs no tests. All of them run, and FILE gets their
 * number in the words of jest's own results, for `.ci/run`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../third_party/paths.mjs";
import { environmentWithCargo } from "../third_party/prerequisites.mjs";
import { run } from "../third_party/process.mjs";
import { formatCpp } from "./clang_format.mjs";

/** @param {string} name  of a program that npm installed */
const bin = (name) => join(projectRoot, "node_modules", ".bin", name);
const here = { cwd: projectRoot };
const crate = join("native", "tokenizer", "rust", "Cargo.toml");

/** @type {Record<string, () => Promise<{ status: number, stdout: string, stderr: string }>>} */
const checks = {
  "biome (format and lint of TypeScript and JavaScript)": () =>
    run(bin("biome"), ["ci", "--colors=off"], here),
  "types of lib and test": () => run(bin("tsc"), ["--noEmit"], here),
  "types of third_party and scripts": () => run(bin("tsc"), ["--noEmit", "-p", "third_party"], here),
  "clang-format": () => formatCpp("check"),
  rustfmt: () =>
    run("cargo", ["fmt", "--check", "--manifest-path", crate], { ...here, env: environmentWithCargo() }),
  "walls between rooms": () => run(process.execPath, [join("scripts", "rooms.mjs")], here),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const result = await check().catch((error) => ({ status: 1, stdout: "", stderr: String(error) }));
  if (result.status === 0) {
    console.log(`ok      ${name}`);
  } else {
    failed += 1;
    console.log(`FAILED  ${name}\n${`${result.stdout}\n${result.stderr}`.trim()}\n`);
  }
}

const output = process.argv[process.argv.indexOf("--output") + 1];
if (process.argv.includes("--output") && output) {
  mkdirSync(dirname(output), { recursive: true });
  const numbers = { numPassedTests: Object.keys(checks).length - failed, numFailedTests: failed };
  writeFileSync(output, JSON.stringify(numbers));
}
process.exitCode = failed > 0 ? 1 : 0;
