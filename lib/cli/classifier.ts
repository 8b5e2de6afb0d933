/** A fine-tuned model and its tokenizer, as `evaluate` and `predict` need them. */
import { resolveModel } from "../hub/resolve.ts";
import { AutoModelForTokenClassification } from "../model/auto.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { setNumThreads } from "../model/runtime.ts";
import { TorchnerError } from "../native/errors.ts";
import type { Numerics } from "../native/types.ts";
import { AutoTokenizer, type Tokenizer } from "../tokenization/tokenizer.ts";

export interface ClassifierSettings {
  device?: string;
  threads?: number;
  numerics?: Numerics;
}

/** @throws {TorchnerError} `ECHECKPOINT` for a checkpoint whose classifier was never trained. */
export async function openClassifier(
  source: string,
  { device, threads, numerics }: ClassifierSettings,
): Promise<{ model: TokenClassificationModel; tokenizer: Tokenizer }> {
  const folder = await resolveModel(source);
  if (threads !== undefined) await setNumThreads(threads);
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const model = await AutoModelForTokenClassification.fromPretrained(folder, {
    device: device ?? "auto",
    numerics,
  });
  const { missing } = model.loadReport;
  if (missing.length === 0) return { model, tokenizer };
  model.dispose();
  throw new TorchnerError(
    "ECHECKPOINT",
    `${source}: ${missing.slice(0, 3).join(", ")} ${missing.length === 1 ? "is" : "are"} missing, so its tags would be ` +
      "random; give the folder of a fine-tuned model (torchner train makes one).",
  );
}
