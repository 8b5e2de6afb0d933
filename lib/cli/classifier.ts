/** A fine-tuned model and its tokenizer, as `evaluate` and `predict` need them. */
import { resolveModel } from "../hub/resolve.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { setNumThreads } from "../model/runtime.ts";
import type { InferenceDtype, Numerics } from "../native/types.ts";
import { openTrained } from "../pipeline/open_trained.ts";
import { AutoTokenizer, type Tokenizer } from "../tokenization/tokenizer.ts";

export interface ClassifierSettings {
  device?: string;
  threads?: number;
  numerics?: Numerics;
  dtype?: InferenceDtype;
}

/** @throws {TorchnerError} `ECHECKPOINT` for a checkpoint whose classifier was never trained. */
export async function openClassifier(
  source: string,
  { device, threads, numerics, dtype }: ClassifierSettings,
): Promise<{ model: TokenClassificationModel; tokenizer: Tokenizer }> {
  const folder = await resolveModel(source);
  if (threads !== undefined) await setNumThreads(threads);
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const model = await openTrained(folder, { device, numerics, dtype });
  return { model, tokenizer };
}
