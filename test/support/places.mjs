/** The one place that knows where test data and the pretrained test model lie on a developer's machine. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const sharedFolder = join(projectRoot, "..", "shared");

/** Folder with `conll2003/`, `wnut17/` and `tokenizers/`; undefined where there is none. */
export const testData = existing(process.env.TORCHNER_TEST_DATA ?? join(sharedFolder, "data"));

/**
 * Folder of a small pretrained BERT (all-MiniLM-L6-v2); laid out on first use where its script is at hand.
 * @returns {string | undefined}
 */
export function testModel() {
  if (process.env.TORCHNER_TEST_MODEL) return existing(process.env.TORCHNER_TEST_MODEL);
  const folder = join(projectRoot, "node_modules", ".cache", "torchner", "minilm");
  if (existsSync(join(folder, "model.safetensors"))) return folder;
  const script = join(sharedFolder, "models", "fetch-minilm");
  if (!existsSync(script)) return undefined;
  execFileSync(script, [folder], { stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function existing(path) {
  return existsSync(path) ? path : undefined;
}
