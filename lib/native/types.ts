/**
 * The native contract: everything the addon exports, and nothing else. `test/native/contract.test.ts`
 * compares this list with the built addon in both directions.
 *
 * Every call that touches libtorch is queued on one native thread and resolves in order; arguments are
 * copied when the call is made, so a caller may reuse its arrays at once.
 */
import type { TorchnerError } from "./errors.ts";

/** Element types that cross the boundary; int64 tensors arrive as Int32Array after a range check. */
export type DType = "float32" | "bfloat16" | "float16" | "float64" | "int64" | "int32" | "bool";

/** `fast`: packed rows and the quickest true-fp32 products. `reference`: padded, Hugging Face's bits. */
export type Numerics = "fast" | "reference";

/** How a batch lies in memory inside the model; follows `numerics` unless it is given. */
export type Layout = "packed" | "padded";

/** `[Symbol.dispose]` is added by `init`, under the symbol of the realm. */
export interface NativeTensor extends Disposable {
  readonly shape: number[];
  readonly dtype: DType;
  readonly device: string;
  readonly requiresGrad: boolean;
  readonly disposed: boolean;
  /** Frees the tensor's memory now; a second call does nothing. */
  dispose(): void;
  /** Gradients of a scalar loss, added to every parameter's gradient. Frees the graph. */
  backward(): Promise<void>;
  /** The only element of a one-element tensor. */
  item(): Promise<number>;
  /** float types -> Float32Array (float64 -> Float64Array), integer types and bool -> Int32Array. */
  toTypedArray(): Promise<Float32Array | Float64Array | Int32Array>;
  /** Index of the largest value along `dim` (default the last), int64. */
  argmax(dim?: number): Promise<NativeTensor>;
  softmax(dim?: number): Promise<NativeTensor>;
  detach(): Promise<NativeTensor>;
  add(other: NativeTensor | number): Promise<NativeTensor>;
  mul(other: NativeTensor | number): Promise<NativeTensor>;
  div(other: NativeTensor | number): Promise<NativeTensor>;
  /** Mean cross entropy over the last dimension of these logits. `labels` has one id per row. */
  crossEntropy(
    labels: Int32Array,
    options?: { weight?: Float32Array; ignoreIndex?: number; reduction?: "mean" | "sum" },
  ): Promise<NativeTensor>;
}

/** One batch as the collator makes it: row-major `[rows, width]`. */
export interface NativeBatch {
  shape: readonly [rows: number, width: number];
  inputIds: Int32Array;
  /** 1 = real token, 0 = padding; all ones when absent. */
  attentionMask?: Int32Array | Uint8Array;
  tokenTypeIds?: Int32Array | Uint8Array;
  /** Label ids, -100 = ignored. With labels, `forward` also gives the loss. */
  labels?: Int32Array;
}

export interface ForwardOptions {
  /** Dropout on; default false. */
  training?: boolean;
  /** Record the graph for backward; default `training`. */
  grad?: boolean;
  numerics?: Numerics;
  layout?: Layout;
  /** Round the operands of products to bfloat16; see `TokenClassificationModel.bf16`. */
  bf16?: boolean;
  /** Share of the loss that is spread over all labels, at least 0 and below 1; transformers' LabelSmoother. */
  labelSmoothing?: number;
  /** Keep each layer's input alone for backward and run the layer again there: less memory, the same bits. */
  gradientCheckpointing?: boolean;
}

export interface NativeForwardOutput {
  /** Mean cross entropy over labels that are not -100; absent without labels. */
  loss?: NativeTensor;
  /** float32 `[rows, width, labels]` in both layouts; zeros at padding when packed. */
  logits: NativeTensor;
}

/** What loading a checkpoint found; names are the checkpoint's own, and the model's where it has none. */
export interface LoadReport {
  /** Parameters the file lacks; freshly initialised. */
  missing: string[];
  /** Tensors in the file that this model has no place for (other heads, pooler, buffers). */
  unexpected: string[];
  /** Tensors of another shape, freshly initialised (only with `ignoreMismatchedSizes`). */
  mismatched: { name: string; file: number[]; model: number[] }[];
}

export interface ModelSpec {
  /** The scalar and flat entries of config.json as they are there (`model_type`, `hidden_size`, ...). */
  config: Record<string, unknown>;
  numLabels: number;
  /** Paths of safetensors files, read as one checkpoint; none: initialise from scratch. */
  weights: string[];
  device?: string;
  ignoreMismatchedSizes?: boolean;
}

/** What the encoder's products round weights and activations to at inference. */
export type InferenceDtype = "fp32" | "bf16" | "int8";

export interface NativeModel {
  readonly device: string;
  readonly disposed: boolean;
  /** Names in Hugging Face's order and spelling. */
  parameterNames(): string[];
  forward(batch: NativeBatch, options?: ForwardOptions): Promise<NativeForwardOutput>;
  /** A copy of one parameter. */
  parameter(name: string): Promise<NativeTensor>;
  /** A copy of one parameter's gradient; zeros before the first backward. */
  gradient(name: string): Promise<NativeTensor>;
  /** Writes `model.safetensors` (Hugging Face's names, metadata format=pt). fsyncs. */
  save(path: string): Promise<void>;
  /** Copies values from safetensors files into the existing parameters: names and shapes must match. */
  loadWeights(paths: string[]): Promise<void>;
  /** Lays weights out for inference in this dtype and frees them otherwise: `ESTATE` from all but forward. */
  packForInference(dtype: InferenceDtype): Promise<void>;
  /** Total element count, and that without the embedding tables (for total_flos). */
  parameterCount(): { total: number; nonEmbedding: number };
  dispose(): void;
}

export interface AdamWOptions {
  betas?: readonly [number, number];
  eps?: number;
  weightDecay?: number;
}

export interface NativeAdamW {
  readonly disposed: boolean;
  /** One fused update of all parameters with this learning rate. */
  step(lr: number, options?: { numerics?: Numerics }): Promise<void>;
  zeroGrad(): Promise<void>;
  /** Scales all gradients so that their joint 2-norm is at most `maxNorm`; resolves to the norm before. */
  clipGradNorm(maxNorm: number, options?: { numerics?: Numerics }): Promise<NativeTensor>;
  /** Moments and step count, as safetensors. */
  save(path: string): Promise<void>;
  load(path: string): Promise<void>;
  dispose(): void;
}

export interface EncodeOptions {
  addSpecialTokens?: boolean; // default true
  /** Cut to this many pieces, special tokens included; absent: no truncation. */
  maxLength?: number;
  /** Overlap of the windows kept in `overflow` sequences; absent: the rest is cut off. */
  stride?: number;
}

/**
 * Encoded sequences laid end to end: `lengths[i]` pieces belong to sequence i. `sources[i]` is the input it
 * came from (the same for all windows of one input).
 */
export interface NativeEncodings {
  ids: Int32Array;
  typeIds: Uint8Array;
  /** Index of the piece's word in its input; -1 for special tokens. */
  wordIds: Int32Array;
  /** Two per piece: UTF-16 start and end, in the word when words went in, else in the text. */
  offsets: Int32Array;
  specialTokensMask: Uint8Array;
  lengths: Int32Array;
  sources: Int32Array;
  /** Per sequence, pieces that truncation cut off (0 = whole). */
  truncated: Int32Array;
}

export interface NativeTokenizer {
  /** Off the main thread and in parallel; arrays of words when `inputs` is `string[][]`. */
  encodeWords(inputs: readonly (readonly string[])[], options?: EncodeOptions): Promise<NativeEncodings>;
  encodeTexts(inputs: readonly string[], options?: EncodeOptions): Promise<NativeEncodings>;
  decode(ids: Int32Array, skipSpecialTokens?: boolean): string;
  vocabSize(): number;
  idToToken(id: number): string | undefined;
  tokenToId(token: string): number | undefined;
  /** As tokenizer.json, with truncation and padding off. */
  toJson(): string;
  readonly disposed: boolean;
  dispose(): void;
}

export interface RuntimeInfo {
  torchVersion: string;
  cpuCapability: string;
  threads: number;
  /** libtorch's product behind `fast`, where our kernels do not reach: its name and its error against float64. */
  matmul: { backend: string; relativeError: number };
  /** Set of our own CPU kernels, by instruction set; TORCHNER_KERNELS in the environment names another. */
  kernels: string;
  cuda: { available: boolean; devices: string[]; reason?: string };
}

export interface NativeAddon {
  /** Hands down what must be made in JavaScript: the error class, and typed arrays of the caller's realm. */
  init(hooks: {
    TorchnerError: typeof TorchnerError;
    allocate: (dtype: "float32" | "float64" | "int32" | "uint8", length: number) => ArrayBufferView;
    /** `Symbol.dispose` of the caller's realm; every handle class gets its `dispose` under it too. */
    disposeSymbol: symbol;
  }): void;
  /** Waits for running work and stops the thread; for the end of the process. */
  shutdown(): void;
  Tensor: unknown; // classes are exported for `instanceof`; only `AdamW` is constructed by JavaScript
  Model: unknown;
  Tokenizer: unknown;
  loadModel(spec: ModelSpec): Promise<{ model: NativeModel; report: LoadReport }>;
  AdamW: new (model: NativeModel, options?: AdamWOptions) => NativeAdamW;
  /** From the bytes of a tokenizer.json. */
  loadTokenizer(json: Uint8Array): Promise<NativeTokenizer>;
  /** A WordPiece tokenizer from vocab.txt and BERT's own options. */
  loadWordPiece(
    vocab: Uint8Array,
    options: {
      lowercase: boolean;
      stripAccents?: boolean;
      tokenizeChineseChars?: boolean;
      unkToken?: string;
      clsToken?: string;
      sepToken?: string;
      padToken?: string;
      maskToken?: string;
    },
  ): Promise<NativeTokenizer>;
  runtimeInfo(): Promise<RuntimeInfo>;
  setNumThreads(threads: number): Promise<void>;
  /** Seeds libtorch's generators (CPU, and CUDA where there is one). */
  manualSeed(seed: number): Promise<void>;
  /** Draws one int64 from the global CPU generator, as each DataLoader iteration of torch does. */
  drawBaseSeed(): Promise<void>;
  /** torch.randperm(n) from the global CPU generator. */
  randperm(n: number): Promise<Int32Array>;
  getRngState(): Promise<Uint8Array>;
  setRngState(state: Uint8Array): Promise<void>;
}
