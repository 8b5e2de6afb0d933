/** Builds the fuzz targets with libFuzzer and the sanitizers; the Rust crate too, where a target links it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../third_party/paths.mjs";
import { environmentWithCargo, remedy } from "../../third_party/prerequisites.mjs";
import { lastWords, run } from "../../third_party/process.mjs";
import { tokenizers } from "./seeds.mjs";

export const outputs = join(projectRoot, "build", "fuzz");

const here = { cwd: projectRoot };
const newest = [21, 20, 19, 18, 17, 16, 15, 14].map((version) => `clang++-${version}`);
const emptyTarget =
  'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n';

/** The first clang++ that links a fuzzer: Apple's has no libFuzzer, and Debian packs it apart. */
export async function findClang() {
  mkdirSync(outputs, { recursive: true });
  const candidates = process.env.CLANGXX ? [process.env.CLANGXX] : ["clang++", ...newest];
  for (const clang of candidates) {
    const how = ["-std=c++20", "-fsanitize=fuzzer,address,undefined", "-x", "c++", "-"];
    const result = await run(clang, [...how, "-o", join(outputs, "empty")], { input: emptyTarget });
    if (result.status === 0) return clang;
  }
  throw new Error(
    `no clang++ with libFuzzer (tried ${candidates.join(", ")}). Install one: sudo apt install clang ` +
      "libclang-rt-dev (Debian, Ubuntu), sudo dnf install clang compiler-rt (Fedora); CLANGXX names another.",
  );
}

/**
 * The crate as a static library, seen by libFuzzer and AddressSanitizer, its C sources too. Stable Rust takes
 * the flags when it is told to bootstrap; with a target named, build scripts stay as they are.
 * @param {string} clang
 */
export async function buildCrate(clang) {
  const env = environmentWithCargo();
  const rustc = await run("rustc", ["-vV"], { env });
  const host = /^host: (.+)$/m.exec(rustc.stdout)?.[1];
  if (!host) throw new Error(`rustc and cargo are missing. Install them: ${remedy("cargo")}`);
  const coverage = ["level=4", "inline-8bit-counters", "pc-table", "trace-compares"];
  const flags = [
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    ...coverage.map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`),
    "-Cforce-frame-pointers=yes",
  ];
  const suffix = host.replaceAll("-", "_");
  const result = await run(
    "cargo",
    [
      ...["build", "--quiet", "--release", "--locked", "--target", host],
      ...["--manifest-path", join("native", "tokenizer", "rust", "Cargo.toml")],
      ...["--target-dir", join(outputs, "cargo")],
    ],
    {
      ...here,
      env: {
        ...env,
        RUSTC_BOOTSTRAP: "1",
        RUSTFLAGS: flags.join(" "),
        [`CC_${suffix}`]: clang.replace("clang++", "clang"),
        [`CFLAGS_${suffix}`]: "-fsanitize=fuzzer-no-link,address -g",
      },
    },
  );
  if (result.status !== 0) throw new Error(`the crate does not build:\n${lastWords(result, 40)}`);
  return join(outputs, "cargo", host, "release", "libtorchner_tokenizer.a");
}

/**
 * @param {string} clang
 * @param {string} name
 * @param {string[]} sources
 * @param {string[]} libraries
 * @returns {Promise<string>} path of the program
 */
export async function buildTarget(clang, name, sources, libraries) {
  const program = join(outputs, name);
  const result = await run(
    clang,
    [
      ...["-std=c++20", "-g", "-O1", "-Wall", "-Wextra", "-Inative", "-Itest/fuzz"],
      ...["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"],
      `-DTORCHNER_TOKENIZERS="${tokenizers}"`,
      ...[join("test", "fuzz", `${name}.cc`), ...sources, ...libraries, "-o", program],
    ],
    here,
  );
  if (result.status !== 0) throw new Error(`${name} does not build:\n${lastWords(result, 40)}`);
  return program;
}
