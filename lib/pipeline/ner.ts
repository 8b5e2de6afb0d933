/** `pipeline("ner", model)`: text in, entities out. */

import { checkChoice, checkFlag, checkOptions, checkText, shown } from "../messages/checks.ts";
import { didYouMean } from "../messages/suggest.ts";
import { inferenceDtypes } from "../model/model.ts";
import { TorchnerError } from "../native/errors.ts";
import type { InferenceDtype } from "../native/types.ts";
import type { Encoding } from "../tokenization/encoding.ts";
import { AutoTokenizer } from "../tokenization/tokenizer.ts";
import { type Window, windowsOf } from "../tokenization/windows.ts";
import {
  type AggregationStrategy,
  aggregate,
  aggregationStrategies,
  type EntityOf,
  type Piece,
} from "./aggregation.ts";
import {
  type Classifier,
  checkBatchSize,
  defaultBatchSize,
  forwardRows,
  maxRowLength,
  type WordSplitter,
} from "./forward_rows.ts";
import { softmaxRow } from "./logits.ts";
import { openTrained } from "./open_trained.ts";
import { readyChunks } from "./ready_chunks.ts";

const tasks = ["ner", "token-classification"] as const;
export type PipelineTask = (typeof tasks)[number];

export interface PipelineOptions<
  S extends AggregationStrategy = AggregationStrategy,
  W extends boolean = boolean,
> {
  /** Folder or source of the tokenizer, or a tokenizer. Default the model's folder; required with a model object. */
  tokenizer?: string | WordSplitter;
  /** Default `none`, one result per piece, as in Python. */
  aggregationStrategy?: S;
  /** Labels (`none`) or types (other strategies) that are left out of the results. Default `["O"]`. */
  ignoreLabels?: readonly string[];
  /** Where to load the model: `cpu`, `cuda`, `cuda:N` or `auto`. A model object has its device already. */
  device?: string;
  /**
   * What the model, loaded from a folder, computes in on the CPU: `fp32` (default), `bf16`, or `int8`, which is quickest
   * and may cost some F1. See `packForInference` of a model.
   */
  dtype?: InferenceDtype;
  /** Windows per forward pass. Default 8. */
  batchSize?: number;
  /**
   * Pieces that two windows of a long text share at least. Default a quarter of a window. Text of any length
   * is covered; a piece is scored in the window where it has most context.
   */
  stride?: number;
  /** Inputs are arrays of words; offsets then refer to the words joined by `delimiter`. Default false. */
  isSplitIntoWords?: W;
  /** With `isSplitIntoWords`. Default a blank. */
  delimiter?: string;
  /**
   * Give words the likeliest tags that may follow one another by the labels' scheme: no `I-PER` after `O` in IOB2, no
   * `B-PER` without its end in BIOES. Decided by word, with the scores that the strategy gives it (`none` and `simple`:
   * of its first piece). Default false, each piece or word for itself.
   */
  validTags?: boolean;
}

interface Disposable {
  /** Frees the model and tokenizer that `pipeline` loaded; those that were passed in stay. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Any source but an array: a generator, lines of a stream. */
type Stream<T> = AsyncIterable<T> | (Iterable<T> & { readonly length?: never });

export interface TextPipeline<E> extends Disposable {
  (text: string): Promise<E[]>;
  (texts: readonly string[]): Promise<E[][]>;
  (texts: Stream<string>): AsyncGenerator<E[], void, undefined>;
}

export interface WordsPipeline<E> extends Disposable {
  (words: readonly string[]): Promise<E[]>;
  (sentences: readonly (readonly string[])[]): Promise<E[][]>;
  (sentences: Stream<readonly string[]>): AsyncGenerator<E[], void, undefined>;
}

export type NerPipeline<
  S extends AggregationStrategy = AggregationStrategy,
  W extends boolean = false,
> = W extends true ? WordsPipeline<EntityOf<S>> : TextPipeline<EntityOf<S>>;

/**
 * A function that finds entities: one text gives an array of results, an array of texts an array of those. A stream
 * of texts (any async or sync iterable) gives an async generator of results, in order, that holds a few hundred texts
 * at most and does not wait for more where some are there.
 *
 * Results are `{ entity, score, index, word, start, end }` with `none` and `{ entity_group, score, word, start, end }`
 * with the other strategies, equal to transformers' but for this: `start` and `end` are UTF-16 indexes (what `slice`
 * takes); `word` is that exact slice of the input; no text is lost between windows; labels of BIOES and BILOU are
 * grouped by their scheme.
 *
 * @param task   `ner`, or its other name `token-classification`.
 * @param model  A checkpoint's folder or source, or a loaded model (then `tokenizer` is required).
 * @throws {TorchnerError} `EARG` for an unknown task or a bad option; `ECHECKPOINT` or `EIO` for a folder
 *   that cannot be used. The returned function throws `EARG` for input that is no text, `ESTATE` after
 *   `dispose()`, and `ENONFINITE` where the model gives NaN.
 */
export async function pipeline<S extends AggregationStrategy = "none", W extends boolean = false>(
  task: PipelineTask,
  model: string | Classifier,
  options: PipelineOptions<S, W> = {},
): Promise<NerPipeline<S, W>> {
  checkTask(task);
  checkSettings(options);
  const parts = await open(model, options);
  const settings: Settings = {
    strategy: options.aggregationStrategy ?? "none",
    ignoreLabels: options.ignoreLabels ?? ["O"],
    batchSize: options.batchSize ?? defaultBatchSize,
    stride: options.stride,
    delimiter: options.delimiter ?? " ",
    validTags: options.validTags ?? false,
  };
  const isInput = options.isSplitIntoWords ? isWords : isText;
  let disposed = false;

  const find = async (inputs: unknown) => {
    if (disposed) {
      throw new TorchnerError("ESTATE", "this pipeline is disposed; make a new one with pipeline().");
    }
    return findEntities(parts, settings, checkInputs(inputs, isInput, options.isSplitIntoWords));
  };
  async function* findInStream(source: AsyncIterable<unknown> | Iterable<unknown>) {
    for await (const inputs of readyChunks(source, streamChunk * settings.batchSize))
      yield* await find(inputs);
  }
  const call = (input: unknown) => {
    if (isStream(input)) return findInStream(input);
    return isInput(input) ? find([input]).then(([found]) => found) : find(input);
  };
  const dispose = () => {
    disposed = true;
    parts.dispose();
  };
  return Object.assign(call, { dispose, [Symbol.dispose]: dispose }) as NerPipeline<S, W>;
}

interface Parts {
  model: Classifier;
  tokenizer: WordSplitter;
  dispose(): void;
}

interface Settings {
  strategy: AggregationStrategy;
  ignoreLabels: readonly string[];
  batchSize: number;
  stride?: number;
  delimiter: string;
  validTags: boolean;
}

/** Batches of texts that a stream is read ahead. */
const streamChunk = 32;

/** A text, or a text's words. */
type Input = string | readonly string[];

/** Loads what was named by a string; only that is freed by `dispose`. */
async function open(model: string | Classifier, options: PipelineOptions): Promise<Parts> {
  const { tokenizer = model, device, dtype } = options;
  if (typeof model === "string" ? model === "" : typeof model?.forward !== "function") {
    throw new TorchnerError("EARG", "model must be a checkpoint's folder or source, or a loaded model.");
  }
  if (typeof model !== "string" && device !== undefined) {
    throw new TorchnerError("EARG", "device goes with a model's folder; a loaded model has its own device.");
  }
  if (typeof model !== "string" && dtype !== undefined) {
    throw new TorchnerError(
      "EARG",
      "dtype goes with a model's folder; call packForInference of a loaded model.",
    );
  }
  if (typeof tokenizer !== "string" && !isTokenizer(tokenizer)) {
    throw new TorchnerError("EARG", "tokenizer is required with a loaded model: its folder, or a Tokenizer.");
  }
  if (typeof model === "string") checkText("model", model);
  if (typeof tokenizer === "string") checkText("tokenizer", tokenizer);
  const owned: { dispose(): void }[] = [];
  const dispose = () => {
    for (const part of owned.splice(0)) part.dispose();
  };
  const own = <T extends { dispose(): void }>(part: T): T => {
    owned.push(part);
    return part;
  };
  try {
    return {
      tokenizer:
        typeof tokenizer === "string" ? own(await AutoTokenizer.fromPretrained(tokenizer)) : tokenizer,
      model: typeof model === "string" ? own(await openTrained(model, { device, dtype })) : model,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function findEntities({ model, tokenizer }: Parts, settings: Settings, inputs: readonly Input[]) {
  if (inputs.length === 0) return [];
  const encodings = await encode(tokenizer, inputs);
  const limit = maxRowLength(model, tokenizer);
  const windows = encodings.flatMap((encoding) =>
    windowsOf(encoding, limit, settings.stride).map((window) => ({ ...window, source: encoding.source })),
  );
  const probabilities = encodings.map(({ length }) => Array<Float32Array>(length));
  await forwardRows(model, tokenizer, windows, settings.batchSize, (row, logits) => {
    const { source, ...window } = windows[row]!;
    decide(window, logits, model.labels.length, probabilities[source]!);
  });
  const { delimiter } = settings;
  return inputs.map((input, i) => {
    const encoding = encodings[i]!;
    const pieces = piecesOf(encoding, {
      probabilities: probabilities[i]!,
      starts: wordStarts(input, delimiter),
      continuations: tokenizer.continuationMask(encoding),
    });
    const text = typeof input === "string" ? input : input.join(delimiter);
    return aggregate(pieces, text, model.labels, settings);
  });
}

/** Whole encodings, one per input and in order: long ones are cut by `windowsOf`, not by the tokenizer. */
function encode(tokenizer: WordSplitter, inputs: readonly Input[]): Promise<Encoding[]> {
  return typeof inputs[0] === "string"
    ? tokenizer.encodeTexts(inputs as readonly string[])
    : tokenizer.encodeWords(inputs as readonly (readonly string[])[]);
}

function decide(window: Window, logits: Float32Array, labels: number, probabilities: Float32Array[]): void {
  for (let piece = window.from; piece < window.to; piece++) {
    probabilities[piece] = softmaxRow(logits, window.offset + piece - window.from, labels);
  }
}

/** Where each word starts in the joined words; undefined for a text, whose offsets are its own. */
function wordStarts(input: Input, delimiter: string): number[] | undefined {
  if (typeof input === "string") return undefined;
  let at = 0;
  return input.map((word) => {
    const start = at;
    at += word.length + delimiter.length;
    return start;
  });
}

function piecesOf(
  encoding: Encoding,
  {
    probabilities,
    starts,
    continuations,
  }: {
    probabilities: readonly Float32Array[];
    starts: readonly number[] | undefined;
    continuations: Uint8Array;
  },
): Piece[] {
  const pieces: Piece[] = [];
  for (let index = 0; index < encoding.length; index++) {
    if (encoding.specialTokensMask[index]) continue;
    const shift = starts ? starts[encoding.wordIds[index]!]! : 0;
    pieces.push({
      index,
      start: encoding.offsets[2 * index]! + shift,
      end: encoding.offsets[2 * index + 1]! + shift,
      continuesWord: continuations[index] === 1,
      probabilities: probabilities[index]!,
    });
  }
  return pieces;
}

/** Arrays, typed ones included, are inputs and not streams of them. */
function isStream(input: unknown): input is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof input !== "object" || input === null || "length" in input) return false;
  return Symbol.asyncIterator in input || Symbol.iterator in input;
}

function isTokenizer(value: unknown): value is WordSplitter {
  return typeof (value as WordSplitter | undefined)?.encodeTexts === "function";
}

function isText(input: unknown): input is string {
  return typeof input === "string";
}

function isWords(input: unknown): input is readonly string[] {
  return Array.isArray(input) && input.length > 0 && input.every(isText);
}

function checkInputs(
  input: unknown,
  isInput: (one: unknown) => one is Input,
  wantsWords: boolean | undefined,
): readonly Input[] {
  const wanted = wantsWords
    ? "an array of words, or an array of such arrays"
    : "a string or an array of strings";
  if (!Array.isArray(input)) {
    throw new TorchnerError("EARG", `the pipeline takes ${wanted}, not ${describe(input)}.`);
  }
  input.forEach((one, i) => {
    const isEmptySentence = wantsWords && Array.isArray(one) && one.length === 0;
    if (!isInput(one) && !isEmptySentence) {
      throw new TorchnerError("EARG", `the pipeline takes ${wanted}; element ${i} is ${describe(one)}.`);
    }
  });
  return input;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}

function checkTask(task: unknown): void {
  if (tasks.includes(task as PipelineTask)) return;
  throw new TorchnerError(
    "EARG",
    `unknown task ${shown(task)}${(typeof task === "string" && didYouMean(task, tasks)) || "."} The tasks are "ner" and ` +
      '"token-classification", which are the same.',
  );
}

const optionNames: readonly (keyof PipelineOptions)[] = [
  "tokenizer",
  "aggregationStrategy",
  "ignoreLabels",
  "device",
  "dtype",
  "batchSize",
  "stride",
  "isSplitIntoWords",
  "delimiter",
  "validTags",
];

function checkSettings(options: PipelineOptions): void {
  checkOptions("pipeline", options, optionNames);
  const { aggregationStrategy, ignoreLabels, batchSize, stride, delimiter } = options;
  if (aggregationStrategy !== undefined) {
    checkChoice("aggregationStrategy", aggregationStrategy, aggregationStrategies);
  }
  if (options.dtype !== undefined) checkChoice("dtype", options.dtype, inferenceDtypes);
  checkFlag("validTags", options.validTags);
  if (delimiter !== undefined && (typeof delimiter !== "string" || !options.isSplitIntoWords)) {
    throw new TorchnerError(
      "EARG",
      "delimiter must be the text between the words of isSplitIntoWords: true.",
    );
  }
  if (ignoreLabels !== undefined && !(Array.isArray(ignoreLabels) && ignoreLabels.every(isText))) {
    throw new TorchnerError("EARG", 'ignoreLabels must be an array of label names, such as ["O"].');
  }
  if (batchSize !== undefined) checkBatchSize(batchSize);
  if (stride !== undefined && (!Number.isInteger(stride) || stride < 0)) {
    throw new TorchnerError("EARG", `stride must be a whole number from 0, not ${shown(stride)}.`);
  }
}
