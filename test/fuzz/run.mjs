/**
 * `npm run test:fuzz [-- [SECONDS] [TARGET...]]`: builds the targets and runs each for that long. What they learn
 * stays in build/fuzz/corpus, an input that breaks something in build/fuzz/found.
 */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { installNodeModules, nodeModulesAreCurrent } from "../../third_party/node_modules.mjs";
import { projectRoot } from "../../third_party/paths.mjs";
import { stage } from "../../third_party/stage.mjs";
import { targets } from "./targets.mjs";

const usualSeconds = 60;

function readArguments() {
  const given = process.argv.slice(2);
  const numbers = given.filter((word) => /^\d+$/.test(word));
  const named = given.filter((word) => !/^\d+$/.test(word));
  if (numbers.length > 1) throw new Error(`SECONDS: one number, not ${numbers.join(" and ")}.`);
  const seconds = Number(numbers[0] ?? usualSeconds);
  if (seconds === 0) throw new Error("SECONDS: 0 would never end.");
  const unknown = named.filter((name) => !(name in targets));
  if (unknown.length > 0)
    throw new Error(`no target ${unknown.join(", ")}; there are ${Object.keys(targets).join(", ")}.`);
  return { seconds, names: named.length > 0 ? named : Object.keys(targets) };
}

/**
 * @param {string} name
 * @param {string} program
 * @param {number} seconds
 * @param {string} outputs
 */
async function fuzz(name, program, seconds, outputs) {
  const target = /** @type {import("./targets.mjs").Target} */ (targets[name]);
  const corpus = join(outputs, "corpus", name);
  const found = join(outputs, "found", name);
  for (const folder of [corpus, found]) mkdirSync(folder, { recursive: true });
  const log = join(outputs, `${name}.log`);
  const dictionary = join(projectRoot, "test", "fuzz", "dictionaries", `${target.dictionary}.dict`);
  const child = spawn(
    program,
    [
      corpus,
      join(outputs, "seeds", name),
      `-max_total_time=${seconds}`,
      `-max_len=${target.longest}`,
      "-timeout=5",
      "-rss_limit_mb=1024",
      `-dict=${dictionary}`,
      `-artifact_prefix=${found}/`,
      "-print_final_stats=1",
    ],
    { stdio: ["ignore", "ignore", openSync(log, "w")] },
  );
  const status = await new Promise((resolve) => child.on("close", resolve));
  report(name, readFileSync(log, "utf8"), status === 0);
  if (status === 0) return true;
  console.log(`  log: ${relative(".", log)}; once more: ${relative(".", program)} INPUT, of which there are`);
  for (const input of readdirSync(found)) console.log(`  ${relative(".", join(found, input))}`);
  return false;
}

/**
 * @param {string} name
 * @param {string} log
 * @param {boolean} ok
 */
function report(name, log, ok) {
  const statistic = (/** @type {string} */ what) =>
    new RegExp(`^stat::${what}:\\s*(\\d+)`, "m").exec(log)?.[1];
  const progress = [...log.matchAll(/^#(\d+)\s.*?\bcov: (\d+) ft: (\d+)/gm)].at(-1) ?? [];
  const [, executed = "0", edges = "0", features = "0"] = progress;
  console.log(
    `${ok ? "ok    " : "FAILED"}  ${name}: ${statistic("number_of_executed_units") ?? executed} executions, ` +
      `coverage ${edges} edges and ${features} features, slowest ${statistic("slowest_unit_time_sec") ?? "?"} s, ` +
      `memory up to ${statistic("peak_rss_mb") ?? "?"} MB`,
  );
}

async function main() {
  const { seconds, names } = readArguments();
  if (process.platform !== "linux") throw new Error("the targets need Linux, for files in memory.");
  // What `npm test` brings into a fresh clone, without libtorch and the addon, which no target needs.
  await stage("installing the npm packages", nodeModulesAreCurrent, installNodeModules);
  // Only now, since both import packages.
  const { buildCrate, buildTarget, findClang, outputs } = await import("./build.mjs");
  const { writeSeeds } = await import("./seeds.mjs");
  const clang = await findClang();
  const needsCrate = names.some((name) => targets[name]?.crate);
  const crate = needsCrate ? [await buildCrate(clang), "-lpthread", "-ldl", "-lm"] : [];
  await writeSeeds(join(outputs, "seeds"));
  let failed = 0;
  for (const name of names) {
    const target = /** @type {import("./targets.mjs").Target} */ (targets[name]);
    const program = await buildTarget(clang, name, target.sources, target.crate ? crate : []);
    if (!(await fuzz(name, program, seconds, outputs))) failed += 1;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  console.error(`test:fuzz: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
