/** The one place that knows where test data and the pretrained test model lie on a developer's machine. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const sharedFolder = join(projectRoot, "..", "shared");

/** Folder with `conll2003/`, `wnut17/` and `tokenizers/`; undefined where there is none. */
export const testData = existing(process.env.TORCHNER_TEST_DATA ?? join(sharedFolder, "data"));

export const needsData =
  "test data not found; set TORCHNER_TEST_DATA to a folder with conll2003/ and wnut17/";
export const needsModel = "no pretrained test model; set TORCHNER_TEST_MODEL to a BERT checkpoint folder";

/** Folder of a small pretrained BERT (all-MiniLM-L6-v2); laid out on first use where its script is at hand. */
export function testModel(): string | undefined {
  if (process.env.TORCHNER_TEST_MODEL) return existing(process.env.TORCHNER_TEST_MODEL);
  const folder = join(projectRoot, "node_modules", ".cache", "torchner", "minilm");
  if (existsSync(join(folder, "model.safetensors"))) return folder;
  const script = join(sharedFolder, "models", "fetch-minilm");
  if (!existsSync(script)) return undefined;
  execFileSync(script, [folder], { stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

/** `describe` where `present`; else a skipped block whose title carries the reason for the run's summary. */
export function describeIf(present: unknown, reason: string): (name: string, body: () => void) => void {
  return present ? describe : (name, body) => describe.skip(`${name} [skipped: ${reason}]`, body);
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
