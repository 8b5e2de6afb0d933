import { resolveModel } from "../hub/resolve.ts";
import { AutoModelForTokenClassification, type FromPretrainedOptions } from "../model/auto.ts";
import { namesById, readConfig } from "../model/config.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";
import type { InferenceDtype } from "../native/types.ts";

export interface OpenOptions extends Omit<FromPretrainedOptions, "labels"> {
  /** See `packForInference`. Default fp32 where the model can be packed: on the CPU, with fast numerics. */
  dtype?: InferenceDtype;
}

/**
 * Opens a fine-tuned model for use, with the labels of its own config.json, and packs it for inference.
 * @throws {TorchnerError} `ECHECKPOINT` for a checkpoint whose classifier was never trained: its tags would be random.
 */
export async function openTrained(
  source: string,
  { dtype, ...options }: OpenOptions = {},
): Promise<TokenClassificationModel> {
  const folder = await resolveModel(source);
  const labels = namesById(await readConfig(folder));
  if (!labels) throw untrained(source, "config.json names no labels");
  const model = await AutoModelForTokenClassification.fromPretrained(folder, { ...options, labels });
  const { missing } = model.loadReport;
  if (missing.length === 0) return packed(model, dtype);
  model.dispose();
  throw untrained(source, `${missing.slice(0, 3).join(", ")} ${missing.length === 1 ? "is" : "are"} missing`);
}

async function packed(
  model: TokenClassificationModel,
  dtype: InferenceDtype | undefined,
): Promise<TokenClassificationModel> {
  try {
    if (model.device === "cpu" && model.numerics === "fast") await model.packForInference(dtype);
    else if (dtype !== undefined && dtype !== "fp32") {
      throw new TorchnerError("EARG", `dtype ${dtype} needs the device cpu and fast numerics; leave it out.`);
    }
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function untrained(source: string, why: string): TorchnerError {
  return new TorchnerError(
    "ECHECKPOINT",
    `${source}: ${why}, so its tags would be random; give the folder of a fine-tuned model (torchner train makes one).`,
  );
}
