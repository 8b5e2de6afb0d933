import { resolveModel } from "../hub/resolve.ts";
import { AutoModelForTokenClassification, type FromPretrainedOptions } from "../model/auto.ts";
import { namesById, readConfig } from "../model/config.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";

/**
 * Opens a fine-tuned model for use, with the labels of its own config.json.
 * @throws {TorchnerError} `ECHECKPOINT` for a checkpoint whose classifier was never trained: its tags would be random.
 */
export async function openTrained(
  source: string,
  options: Omit<FromPretrainedOptions, "labels"> = {},
): Promise<TokenClassificationModel> {
  const folder = await resolveModel(source);
  const labels = namesById(await readConfig(folder));
  if (!labels) throw untrained(source, "config.json names no labels");
  const model = await AutoModelForTokenClassification.fromPretrained(folder, { ...options, labels });
  const { missing } = model.loadReport;
  if (missing.length === 0) return model;
  model.dispose();
  throw untrained(source, `${missing.slice(0, 3).join(", ")} ${missing.length === 1 ? "is" : "are"} missing`);
}

function untrained(source: string, why: string): TorchnerError {
  return new TorchnerError(
    "ECHECKPOINT",
    `${source}: ${why}, so its tags would be random; give the folder of a fine-tuned model (torchner train makes one).`,
  );
}
