/** Models in ONNX, exported once from the folder that all contenders open. */
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { interopPython } from "../test/interop/environment.mjs";
import { projectRoot } from "../third_party/paths.mjs";
import { lastWords, run } from "../third_party/process.mjs";
import { cache, pythonPeers } from "./places.mjs";
import { once, stampOf } from "./stamp.mjs";

const exporter = join(projectRoot, "bench", "peers", "export_onnx.py");

/** Where transformers.js looks for models by name. */
export const onnxModels = join(cache, "onnx");

/**
 * A folder with `onnx/model.onnx`, `onnx/model_int8.onnx` and the tokenizer.
 * @param {string} name
 * @param {string} folder  of the model
 */
export async function onnxFolder(name, folder) {
  const target = join(onnxModels, name);
  await once(target, `${stampOf(folder)}\n${readFileSync(exporter, "utf8")}`, async () => {
    const env = { ...process.env, PYTHONPATH: pythonPeers, HF_HUB_OFFLINE: "1" };
    const result = await run(interopPython(), [exporter, folder, target], { env });
    if (result.status !== 0) throw new Error(`the export to ONNX failed:\n${lastWords(result)}`);
    const small = readdirSync(folder).filter((file) => file.endsWith(".json"));
    for (const file of small) copyFileSync(join(folder, file), join(target, file));
  });
  return target;
}
