import { resolveModel } from "../hub/resolve.ts";
import { checkText } from "../messages/checks.ts";
import { type ModelConfig, readConfig } from "./config.ts";

/** Reads the configuration of a checkpoint, as transformers' class of the same name. */
export const AutoConfig = {
  /**
   * The entries of its `config.json`, which `AutoModelForTokenClassification.fromConfig` makes a fresh model of.
   * @param source  As for a model; of a hub's model only the small files are downloaded.
   * @throws {TorchnerError} `ECHECKPOINT` where there is no such checkpoint or the file is no JSON object.
   */
  async fromPretrained(source: string): Promise<ModelConfig> {
    checkText("source", source);
    return readConfig(await resolveModel(source, { weights: false }));
  },
};
