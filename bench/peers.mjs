/**
 * Installs what torchner is compared with, at pinned versions, each in a folder of its own:
 *
 *     node bench/peers.mjs
 *
 * Python is the interop suite's, so torch lies on the disk once; what only the export to ONNX needs comes beside it.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interopPython } from "../test/interop/environment.mjs";
import { projectRoot } from "../third_party/paths.mjs";
import { lastWords, run } from "../third_party/process.mjs";
import { nodePeers, pythonPeers } from "./places.mjs";
import { once } from "./stamp.mjs";

const lists = join(projectRoot, "bench", "peers");
const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];

/** torch, transformers and seqeval. */
export async function installPython() {
  await must(process.execPath, [join(projectRoot, "test", "interop", "setup.mjs")]);
}

/** Exporter and quantizer of ONNX for Python; transformers.js and onnxruntime for Node. */
export async function installOnnx() {
  const requirements = join(lists, "requirements.txt");
  await once(pythonPeers, `${readFileSync(requirements)}`, () => {
    // Without dependencies: numpy is there, and a second one beside it would go first.
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    return must(interopPython(), [...pip, "--target", pythonPeers, "-r", requirements]);
  });
  const manifest = join(lists, "package.json");
  await once(nodePeers, `${readFileSync(manifest)}`, () => {
    copyFileSync(manifest, join(nodePeers, "package.json"));
    // The CPU library is inside the package; its install script would fetch one for CUDA.
    return must("npm", ["install", "--ignore-scripts", ...quietly], nodePeers);
  });
}

async function must(program, args, cwd) {
  const result = await run(program, args, { cwd, onLine: (line) => process.stderr.write(`${line}\n`) });
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${lastWords(result)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installPython();
  await installOnnx();
}
