import { inferenceDtypes } from "../model/model.ts";
import type { OptionTable } from "../training/option_types.ts";
import { trainingOptions } from "../training/options.ts";

/** Options that every command with a finished model has. */
export const classifierOptions = {
  model: {
    type: "string",
    group: "model",
    placeholder: "DIR",
    help: "folder of a fine-tuned model",
    aliases: ["model_name_or_path"],
  },
  device: { ...trainingOptions.device, group: "model" },
  threads: { ...trainingOptions.threads, group: "model" },
  numerics: { ...trainingOptions.numerics, group: "model" },
  dtype: {
    type: "enum",
    choices: inferenceDtypes,
    group: "model",
    help: "what the model computes in on the CPU; int8 is quickest and may cost some F1",
  },
  per_device_eval_batch_size: { ...trainingOptions.per_device_eval_batch_size, group: "model" },
} as const satisfies OptionTable;
