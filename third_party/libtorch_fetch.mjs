/** Brings libtorch into the cache: the official archive, or the same libraries out of torch's wheel. */
import { createWriteStream, mkdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { get as getPlain } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SetupError } from "./errors.mjs";
import { layDown } from "./lay_down.mjs";
import { inspectLibtorch, libtorchCache, pinnedVersion } from "./libtorch.mjs";
import { downloadWheel, unpackWheel, wheelRequirements } from "./pip.mjs";

/** @typedef {import("./setup.d.mts").Libtorch} Libtorch */

const connectTimeout = 3_000;
const stallTimeout = 30_000;

/** Peak on disk: the download, what is unpacked from it, and room to spare. */
const neededBytes = { cpu: 2e9, cuda: 9e9 };

/**
 * Fetches the pinned libtorch; two processes that do so at once both get the one that was finished first.
 * @param {{ cuda?: boolean, log: (line: string) => void }} options
 * @returns {Promise<Libtorch>}
 * @throws {SetupError}
 */
export async function fetchLibtorch({ cuda = false, log }) {
  const cache = libtorchCache();
  mkdirSync(cache, { recursive: true });
  requireSpace(cache, neededBytes[cuda ? "cuda" : "cpu"]);
  const target = join(cache, `${pinnedVersion}-${cuda ? "cuda" : "cpu"}`);
  await layDown(target, async (folder) => {
    if (!(await fromArchive(folder, cuda, log))) await fromWheel(folder, cuda, log);
    const found = inspectLibtorch(join(folder, "torch"));
    if ("problem" in found) throw new SetupError(`the fetched libtorch is not complete: ${found.problem}`);
  });
  const path = join(target, "torch");
  const found = inspectLibtorch(path);
  if ("problem" in found) throw new SetupError(`${found.problem}; remove ${target} and try again`);
  return { path, ...found, from: "download" };
}

/**
 * @param {string} folder
 * @param {number} bytes
 */
function requireSpace(folder, bytes) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (/** @type {number} */ n) => (n / 1e9).toFixed(1);
  throw new SetupError(
    `${folder} has ${gigabytes(bavail * bsize)} GB free and libtorch takes ${gigabytes(bytes)} GB while it is ` +
      "unpacked; make room, or name another folder with TORCHNER_CACHE",
  );
}

/** @param {boolean} cuda */
function archiveUrl(cuda) {
  // A mirror inside a company, or a local file server.
  if (process.env.TORCHNER_LIBTORCH_URL) return process.env.TORCHNER_LIBTORCH_URL;
  if (process.platform === "darwin")
    return `https://download.pytorch.org/libtorch/cpu/libtorch-macos-arm64-${pinnedVersion}.zip`;
  if (process.arch !== "x64") return undefined; // there is no archive for Linux on ARM
  const build = cuda ? "cu130" : "cpu";
  return `https://download.pytorch.org/libtorch/${build}/libtorch-shared-with-deps-${pinnedVersion}%2B${build}.zip`;
}

/**
 * @param {string} folder
 * @param {boolean} cuda
 * @param {(line: string) => void} log
 * @returns {Promise<boolean>} false where the archive cannot be had
 */
async function fromArchive(folder, cuda, log) {
  const url = archiveUrl(cuda);
  if (!url) return false;
  const file = join(folder, "libtorch.zip");
  try {
    await download(url, file, log);
  } catch (error) {
    log(`the official archive is out of reach (${/** @type {Error} */ (error).message}); asking pip instead`);
    rmSync(file, { force: true });
    return false;
  }
  // Its top folder is `libtorch`; both sources end in the wheel's layout.
  await unpackWheel(file, folder, [/^libtorch\/(include|lib)\//]);
  rmSync(file);
  renameSync(join(folder, "libtorch"), join(folder, "torch"));
  return true;
}

/**
 * @param {string} url
 * @param {string} file
 * @param {(line: string) => void} log
 */
async function download(url, file, log) {
  const response = await connect(url);
  log(`downloading ${url} (${megabytes(Number(response.headers["content-length"] ?? 0))})`);
  await pipeline(response, createWriteStream(file));
}

/**
 * A machine behind a package mirror often drops such connections without a word, hence the short limit.
 * @param {string} url
 * @param {number} [redirects]
 * @returns {Promise<import("node:http").IncomingMessage>}
 */
function connect(url, redirects = 3) {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? get : getPlain)(url, (response) => {
      clearTimeout(timer);
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) {
        response.setTimeout(stallTimeout, () => response.destroy(new Error("the download stalled")));
        resolve(response);
        return;
      }
      response.resume();
      if (statusCode >= 300 && statusCode < 400 && headers.location && redirects > 0)
        connect(new URL(headers.location, url).href, redirects - 1).then(resolve, reject);
      else reject(new Error(`HTTP status ${statusCode}`));
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer in ${connectTimeout / 1000} s`)),
      connectTimeout,
    );
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/**
 * The wheel holds the official CUDA build. Without --cuda its GPU libraries stay out, but `libtorch_cpu`
 * was linked with two of NVIDIA's and does not load without them.
 * @param {string} folder
 * @param {boolean} cuda
 * @param {(line: string) => void} log
 */
async function fromWheel(folder, cuda, log) {
  log(`downloading torch ${pinnedVersion} with pip (about 530 MB on Linux)`);
  const wheel = await downloadWheel(`torch==${pinnedVersion}`, folder);
  log("unpacking libtorch");
  await unpackWheel(wheel, folder, cuda ? [...headers, ...allLibraries] : [...headers, ...cpuLibraries]);
  const extra = (await nvidiaRequirements(wheel, folder)).filter((r) => cuda || linkedByCpu.test(r.name));
  for (const { name, specifier } of extra) {
    log(`downloading ${name}${specifier} with pip`);
    const part = await downloadWheel(`${name}${specifier}`, folder);
    await unpackWheel(part, folder, [cuda ? nvidiaLibraries : cpuNvidiaLibraries]);
    rmSync(join(part, ".."), { recursive: true });
  }
  rmSync(join(wheel, ".."), { recursive: true });
}

const headers = [/^torch\/include\//];
const allLibraries = [/^torch\/lib\/lib(?!torch_python|shm)[^/]*\.(so|dylib)[.\d]*$/, /^torch\.libs\//];
const cpuLibraries = [
  /^torch\/lib\/lib(?!torch_python|shm|torch_cuda|c10_cuda|torch_nvshmem|caffe2_nvrtc|torch_global_deps)[^/]*\.(so|dylib)[.\d]*$/,
  /^torch\.libs\//, // where the ARM wheel keeps its BLAS
];
const linkedByCpu = /^nvidia-cuda-(runtime|cupti)(-cu\d+)?$/;
const nvidiaLibraries = /^nvidia\/.*\/lib\/lib[^/]*\.so[.\d]*$/;
const cpuNvidiaLibraries = /^nvidia\/.*\/lib\/lib(cudart|cupti)\.so[.\d]*$/;

/**
 * NVIDIA's wheels that torch's own metadata names, some of them through the extras of `cuda-toolkit`.
 * @param {string} torchWheel
 * @param {string} folder
 */
async function nvidiaRequirements(torchWheel, folder) {
  /** @type {Map<string, { name: string, specifier: string }>} */
  const found = new Map();
  for (const requirement of await wheelRequirements(torchWheel, [])) {
    if (requirement.name.startsWith("nvidia-")) found.set(requirement.name, requirement);
    if (requirement.name !== "cuda-toolkit") continue;
    const toolkit = await downloadWheel(`cuda-toolkit${requirement.specifier}`, folder);
    for (const part of await wheelRequirements(toolkit, requirement.extras)) found.set(part.name, part);
    rmSync(join(toolkit, ".."), { recursive: true });
  }
  return [...found.values()];
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
