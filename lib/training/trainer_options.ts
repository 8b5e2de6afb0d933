import type { TrainerCallback } from "../callbacks/callback.ts";
import { didYouMean } from "../messages/suggest.ts";
import type { ComputeMetrics } from "../metrics/types.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";
import { TrainingArguments } from "./arguments.ts";
import type { Collator, Examples, ProcessingClass } from "./handles.ts";

/** What `new Trainer(...)` takes; the names are transformers', in camelCase. */
export interface TrainerOptions {
  /** Needed unless `modelInit` is given. */
  model?: TokenClassificationModel;
  /** Makes a fresh model when training begins, after seeding. */
  modelInit?: () => TokenClassificationModel | Promise<TokenClassificationModel>;
  /** Default: `new TrainingArguments()`. */
  args?: TrainingArguments;
  trainDataset?: Examples;
  evalDataset?: Examples;
  /** Default: pads to the longest sentence of a batch, with `processingClass`. */
  dataCollator?: Collator;
  /** The tokenizer: saved beside the model. */
  processingClass?: ProcessingClass;
  /** Older name of `processingClass`. */
  tokenizer?: ProcessingClass;
  /** Called once per evaluation with label ids, e.g. `seqeval(labels)`. */
  computeMetrics?: ComputeMetrics;
  /** Run after the Trainer's own decisions, in this order. */
  callbacks?: readonly TrainerCallback[];
  /** Takes one line at a time of what a user should know, e.g. that a damaged checkpoint was passed over; default: standard error. */
  log?: (line: string) => void;
}

const hasMethods = (value: unknown, ...names: string[]) =>
  typeof value === "object" &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");

export const isExamples = (value: unknown) =>
  hasMethods(value, "at") && typeof (value as { length?: unknown }).length === "number";

export const isCallback = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isMetric = (value: unknown) => {
  const { inPieces } = (value ?? {}) as { inPieces?: unknown };
  return typeof value === "function" && (inPieces === undefined || typeof inPieces === "function");
};

/** What each option must be, in code and in words. */
const checks: Record<keyof TrainerOptions, readonly [fits: (value: unknown) => boolean, expected: string]> = {
  model: [
    (value) => hasMethods(value, "forward", "loadWeights", "savePretrained"),
    "a model of AutoModelForTokenClassification (is an await missing?)",
  ],
  modelInit: [(value) => typeof value === "function", "a function that makes a model"],
  args: [(value) => value instanceof TrainingArguments, "made by new TrainingArguments({ ... })"],
  trainDataset: [isExamples, "an encoded dataset (is an await missing?)"],
  evalDataset: [isExamples, "an encoded dataset (is an await missing?)"],
  dataCollator: [(value) => hasMethods(value, "collate"), "an object with collate(examples)"],
  processingClass: [
    (value) => hasMethods(value, "savePretrained"),
    "a tokenizer of AutoTokenizer (is an await missing?)",
  ],
  tokenizer: [
    (value) => hasMethods(value, "savePretrained"),
    "a tokenizer of AutoTokenizer (is an await missing?)",
  ],
  computeMetrics: [
    isMetric,
    "a function, e.g. seqeval(labels); inPieces, where it has one, must be a function too",
  ],
  log: [(value) => typeof value === "function", "a function that takes one line"],
  callbacks: [(value) => Array.isArray(value) && value.every(isCallback), "an array of callback objects"],
};

/** @throws {TorchnerError} `EARG` naming the first option that is unknown, of the wrong kind, or missing. */
export function checkTrainerOptions(options: TrainerOptions): void {
  if (typeof options !== "object" || options === null) {
    throw wrong("new Trainer takes one object of options, e.g. { model, args, trainDataset }");
  }
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof TrainerOptions] : undefined;
    if (!check) throw wrong(`unknown option ${name}${didYouMean(name, Object.keys(checks)) || "."}`);
    if (value !== undefined && !check[0](value)) throw wrong(`${name} must be ${check[1]}.`);
  }
  if (options.model && options.modelInit) throw wrong("give model or modelInit, not both.");
  if (!options.model && !options.modelInit) throw wrong("model is missing.");
  if (options.tokenizer && options.processingClass)
    throw wrong("tokenizer and processingClass are the same; give one.");
}

/**
 * Rows that the model has no positions for would end a run in its middle, at whatever batch they come in.
 * @throws {TorchnerError} `EARG` naming the first of them.
 */
export function checkRowLengths(name: string, dataset: Examples, config: Record<string, unknown>): void {
  const { max_position_embeddings: positions } = config;
  if (typeof positions !== "number") return;
  for (let i = 0; i < dataset.length; i++) {
    const ids = dataset.at(i)?.inputIds;
    if (!ids)
      throw wrong(`row ${i} of ${name} has no inputIds; encode the dataset with tokenizeAndAlignLabels.`);
    const { length } = ids;
    if (length <= positions) continue;
    throw wrong(
      `row ${i} of ${name} has ${length} pieces and the model takes ${positions}; ` +
        `cut rows with tokenizeAndAlignLabels(tokenizer, { maxLength: ${positions} }).`,
    );
  }
}

function wrong(what: string): TorchnerError {
  return new TorchnerError("EARG", `Trainer: ${what}`);
}
