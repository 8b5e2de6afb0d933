/**
 * `npm run test:sanitizers [-- address|thread] [PATTERN]`: builds of the addon that watch every access to memory, and
 * kernel_test and each file of test/native on them, in a process of its own: a finding ends a process. PATTERN is of
 * their names. docs/reliability.md says what the sanitizers see and what they do not.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { compile } from "../../third_party/addon.mjs";
import { SetupError } from "../../third_party/errors.mjs";
import { presentLibtorch } from "../../third_party/libtorch.mjs";
import { buildFolder, projectRoot } from "../../third_party/paths.mjs";
import { logToStderr } from "../../third_party/setup.mjs";

/**
 * @typedef {object} Sanitizer
 * @property {string[]} preloaded  of the compiler's libraries by name, and of the build's
 * @property {number} patience  how many times as long as usual tests may take
 * @property {Record<string, string[]>} settings  of the runtimes, each beside its log_path
 */

/** @param {string} name */
const here = (name) => join(projectRoot, "test", "sanitizers", name);

/** @type {Record<string, Sanitizer>} */
const sanitizers = {
  address: {
    preloaded: ["libasan.so"],
    patience: 10,
    settings: {
      // Tests ask for more memory than there is, and for the error that says so; and whether freed memory goes back
      // to the system, of which the sanitizer holds 256 MB on its own.
      ASAN_OPTIONS: ["detect_leaks=1", "allocator_may_return_null=1", "quarantine_size_mb=32"],
      LSAN_OPTIONS: [`suppressions=${here("leaks.supp")}`, "print_suppressions=0"],
      UBSAN_OPTIONS: ["print_stacktrace=1"],
    },
  },
  thread: {
    preloaded: ["libtsan.so", "libopenmp_edges.so"],
    patience: 30,
    settings: { TSAN_OPTIONS: ["history_size=4", `suppressions=${here("thread.supp")}`] },
  },
};

/** @param {string} kind */
const folderOf = (kind) => join(buildFolder, kind);

/**
 * The sanitizer's library has to be the first of a process, and node is not linked to it.
 * @param {string} kind
 * @param {string} name
 */
function libraryPath(kind, name) {
  const built = join(folderOf(kind), "Release", name);
  if (name === "libopenmp_edges.so") return built;
  const compiler = process.env.CXX ?? "c++";
  const found = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: "utf8" }).stdout?.trim() ?? "";
  if (!isAbsolute(found))
    throw new SetupError(`${compiler} has no ${name}; GCC with its sanitizers is needed`);
  return found;
}

/** @param {string} kind */
async function build(kind) {
  const libtorch = await presentLibtorch({ log: logToStderr });
  if (!libtorch)
    throw new SetupError("there is no libtorch; build the addon first, with npm run build:native");
  // The crate is not instrumented, so one build of it does for all.
  process.env.CARGO_TARGET_DIR ??= join(buildFolder, "cargo");
  const variables = { TORCHNER_LIBTORCH: libtorch.path, TORCHNER_SANITIZE: kind };
  await compile(folderOf(kind), variables, { log: (line) => logToStderr(`${kind}: ${line}`) });
}

/**
 * @param {string} kind
 * @param {string} reports  folder that the runtimes write what they find to, process by process
 */
function environment(kind, reports) {
  const { patience, settings } = /** @type {Sanitizer} */ (sanitizers[kind]);
  const logged = Object.entries(settings).map(([name, words]) => [
    name,
    [...words, `log_path=${join(reports, name)}`].join(":"),
  ]);
  return {
    ...process.env,
    TORCHNER_ADDON: join(folderOf(kind), "Release", "torchner.node"),
    TORCHNER_TEST_PATIENCE: String(patience),
    HF_HUB_DOWNLOAD_TIMEOUT: String(10 * patience),
    ...Object.fromEntries(logged),
  };
}

/**
 * For the last program of a command alone: setarch has to come before the sanitizer.
 * @param {string} kind
 */
function preloading(kind) {
  const { preloaded } = /** @type {Sanitizer} */ (sanitizers[kind]);
  return ["env", `LD_PRELOAD=${preloaded.map((name) => libraryPath(kind, name)).join(" ")}`];
}

/** ThreadSanitizer's layout of memory does not fit every random one. */
const fixedAddresses = spawnSync("setarch", ["-R", "true"]).status === 0 ? ["setarch", "-R"] : [];

/**
 * @param {string} kind
 * @returns {[string, string[]][]} name and command of each thing that is run
 */
function steps(kind) {
  const files = readdirSync(join(projectRoot, "test", "native")).filter((name) => name.endsWith(".test.ts"));
  const jest = ["--experimental-vm-modules", "--no-warnings", join("node_modules", "jest", "bin", "jest.js")];
  return [
    ["native/kernels/kernel_test.cc", [join(folderOf(kind), "Release", "kernel_test")]],
    ...files.map((name) => {
      const file = `test/native/${name}`;
      return /** @type {[string, string[]]} */ ([file, [process.execPath, ...jest, "--runInBand", file]]);
    }),
  ];
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {string[]} command
 * @returns {{ status: number | null, said: string, found: string[] }} with what every process of it reported
 */
function attempt(kind, name, command) {
  const reports = join(folderOf(kind), "reports", basename(name));
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const [program = "", ...args] = [...fixedAddresses, ...preloading(kind), ...command];
  const env = environment(kind, reports);
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: projectRoot, encoding: "utf8", env });
  const found = readdirSync(reports).map((file) => readFileSync(join(reports, file), "utf8"));
  return { status, said: `${stdout}\n${stderr}`, found };
}

/**
 * LeakSanitizer's own search crashes now and then, on thread-local memory of a thread that is about to start or end.
 * @param {{ found: string[] }} result
 */
function searchCrashed({ found }) {
  return found.some((report) => report.includes("LeakSanitizer has encountered a fatal error"));
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {string[]} command
 */
function passes(kind, name, command) {
  const start = performance.now();
  let result = attempt(kind, name, command);
  if (searchCrashed(result)) result = attempt(kind, name, command);
  const passed = result.status === 0 && result.found.length === 0;
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const counted = /^Tests: +(.*)$/m.exec(result.said)?.[1] ?? "";
  console.log(`${passed ? "ok    " : "FAILED"} ${kind} ${name} ${seconds} s ${counted}`);
  if (!passed) console.log([result.said, ...result.found].join("\n"));
  return passed;
}

const given = process.argv.slice(2);
const kinds = given[0] !== undefined && given[0] in sanitizers ? [given[0]] : Object.keys(sanitizers);
const pattern = new RegExp(given.find((word) => !(word in sanitizers)) ?? "");

let failed = 0;
try {
  for (const kind of kinds) {
    await build(kind);
    for (const [name, command] of steps(kind))
      if (pattern.test(name) && !passes(kind, name, command)) failed += 1;
  }
  console.log(failed === 0 ? "nothing found" : `${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 4;
}
