/** config.json as it is, and the labels inside it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";

/** The entries of a config.json; sizes and dropouts are read by the model family itself. */
export interface ModelConfig {
  model_type?: string;
  architectures?: string[];
  id2label?: Record<string, string>;
  label2id?: Record<string, number>;
  max_position_embeddings?: number;
  [entry: string]: unknown;
}

const architectures: Record<string, string> = {
  bert: "BertForTokenClassification",
  distilbert: "DistilBertForTokenClassification",
};

/** @throws {TorchnerError} `ECHECKPOINT` where the file is absent or no JSON object. */
export async function readConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, "config.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new TorchnerError("ECHECKPOINT", `${path} cannot be read; is ${folder} a model folder?`, {
      cause: error,
    });
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `${path}: ${(error as Error).message}. Fetch the checkpoint again.`,
      {
        cause: error,
      },
    );
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new TorchnerError("ECHECKPOINT", `${path}: expected a JSON object. Fetch the checkpoint again.`);
  }
  return config as ModelConfig;
}

/** Label names by id, or undefined where the checkpoint has none of its own (`LABEL_0`, ... are nobody's). */
export function labelsOf(config: ModelConfig): string[] | undefined {
  const names = namesById(config);
  return names?.every((label, id) => label === `LABEL_${id}`) ? undefined : names;
}

/** Label names by id as config.json has them, `LABEL_0` and the like included. */
export function namesById({ id2label }: ModelConfig): string[] | undefined {
  if (!id2label) return undefined;
  const names = Array.from({ length: Object.keys(id2label).length }, (_, id) => id2label[String(id)]);
  if (names.some((name) => typeof name !== "string")) {
    throw new TorchnerError("ECHECKPOINT", "config.json: id2label must name the ids 0 to n-1, each once.");
  }
  return names as string[];
}

/** The configuration to save with a token classifier of these labels. */
export function withLabels(config: ModelConfig, labels: readonly string[]): ModelConfig {
  const architecture = architectures[config.model_type ?? ""];
  return {
    ...config,
    ...(architecture ? { architectures: [architecture] } : {}),
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    // The entry names the dtype the weights are saved in; older files call it torch_dtype.
    dtype: "float32",
    torch_dtype: undefined,
    num_labels: undefined,
  };
}

/** @throws {TorchnerError} `EARG` unless the names are distinct, non-empty strings. */
export function checkLabels(labels: readonly string[]): void {
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new TorchnerError(
      "EARG",
      "labels: expected a list of at least one label name, such as data.labels.",
    );
  }
  for (const [id, label] of labels.entries()) {
    if (typeof label !== "string" || label === "") {
      throw new TorchnerError("EARG", `labels[${id}]: expected a label name, got ${JSON.stringify(label)}.`);
    }
    if (labels.indexOf(label) !== id)
      throw new TorchnerError("EARG", `labels: '${label}' stands there twice.`);
  }
}
