/**
 * The walls between the rooms of docs/architecture.md: who may include napi and the Rust header, who opens the
 * addon, and that imports run one way.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../third_party/paths.mjs";

/** A room imports from rooms of its own floor and below. */
const floors = [
  ["files", "messages", "native"],
  ["hub"],
  ["tokenization"],
  ["model", "optim", "data", "metrics"],
  ["training", "callbacks", "pipeline"],
  ["cli"],
];

/** Rooms that work without the addon, so that they can be tested and used without it. */
const pure = ["data", "files", "metrics"];

/** Readers of files that the fuzzers build by themselves. */
const fuzzed =
  /^native\/io\/(file|json_scanner|pickle_reader|safetensors_header|torch_archive|zip_directory)\./;

/** @typedef {{ path: string, text: string }} Source  `path` relative to the project */

/**
 * @param {Source[]} sources
 * @returns {string[]} one line per breach, `file:line: what`
 */
export function findBreaches(sources) {
  return sources.flatMap((source) =>
    source.text.split("\n").flatMap((line, index) => {
      const breach = source.path.startsWith("lib/")
        ? inTypescript(source.path, line)
        : inCpp(source.path, line);
      return breach ? [`${source.path}:${index + 1}: ${breach}`] : [];
    }),
  );
}

/**
 * @param {string} path
 * @param {string} line
 */
function inCpp(path, line) {
  const header = /^\s*#\s*include\s*[<"]([^>"]+)/.exec(line)?.[1];
  if (!header) return undefined;
  const isBinding = path.startsWith("native/bind/") || path === "native/addon.cc";
  if (/^(napi|node_api|js_native_api)\b/.test(header) && !isBinding)
    return "only native/bind and native/addon.cc know napi";
  if (header.startsWith("bind/") && !isBinding)
    return "native/bind is included by nothing but itself and addon.cc";
  if (header.endsWith("torchner_tokenizer.h") && !path.startsWith("native/tokenizer/"))
    return "only native/tokenizer knows the Rust header";
  if (path.startsWith("native/kernels/") && /^(ATen|c10|torch)\//.test(header))
    return "native/kernels is compiled per instruction set and shares no inline function with torch";
  if (fuzzed.test(path) && /^(ATen|c10|torch)\//.test(header))
    return "test/fuzz drives this reader without torch";
  return undefined;
}

/**
 * @param {string} path
 * @param {string} line
 */
function inTypescript(path, line) {
  if (path !== "lib/native/load.ts" && /["'`/][\w-]*\.node["'`]|process\.dlopen/.test(line))
    return "only lib/native/load.ts opens the addon";
  const target = /(?:\bfrom|\bimport\()\s*"(\.[^"]+)"/.exec(line)?.[1];
  if (!target) return undefined;
  const imported = normalize(join(dirname(path), target));
  const [from, to] = [room(path), room(imported)];
  if (from === undefined) return undefined; // lib/index.ts gathers from everywhere
  if (to === undefined)
    return imported.startsWith("lib/")
      ? "lib/index.ts is for users, not for the rooms it gathers"
      : undefined;
  if (floorOf(to) > floorOf(from)) return `${from} is below ${to} and may not import from it`;
  if (pure.includes(from) && imported === "lib/native/load.ts") return `${from} works without the addon`;
  return undefined;
}

/**
 * Folder of a file in lib; undefined for lib/index.ts and for files outside.
 * @param {string} path
 */
function room(path) {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

/** @param {string} name */
function floorOf(name) {
  const floor = floors.findIndex((rooms) => rooms.includes(name));
  if (floor < 0) throw new Error(`lib/${name} is a new room: give it a floor in scripts/rooms.mjs`);
  return floor;
}

/** @returns {Source[]} */
function readSources() {
  return ["lib", "native"].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|h|cc)$/.test(name) && !name.split("/").includes("target"))
      .map((name) => ({
        path: `${folder}/${name}`,
        text: readFileSync(join(projectRoot, folder, name), "utf8"),
      })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const breaches = findBreaches(readSources());
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
