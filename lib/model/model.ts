import { join } from "node:path";
import type { Batch } from "../data/types.ts";
import { writeFileDurably } from "../files/durable.ts";
import { checkChoice, checkFlag, checkOptions, checkText, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import type {
  ForwardOptions,
  InferenceDtype,
  Layout,
  LoadReport,
  NativeModel,
  Numerics,
} from "../native/types.ts";
import type { ModelConfig } from "./config.ts";
import type { Tensor } from "./tensor.ts";

/** What one forward pass gives; disposing it frees both tensors. */
export class ForwardOutput implements Disposable {
  /** Mean cross entropy (smoothed where asked) over labels other than -100, float32 scalar; absent without labels. */
  readonly loss?: Tensor;
  /** float32 `[rows, width, labels]`; zeros at padding in the packed layout. */
  readonly logits: Tensor;

  constructor(logits: Tensor, loss?: Tensor) {
    this.logits = logits;
    this.loss = loss;
  }

  dispose(): void {
    this.loss?.dispose();
    this.logits.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

export interface ModelSettings {
  numerics?: Numerics;
  layout?: Layout;
  bf16?: boolean;
  labelSmoothing?: number;
  gradientCheckpointing?: boolean;
}

export const inferenceDtypes = ["fp32", "bf16", "int8"] as const satisfies readonly InferenceDtype[];

export const settingNames = [
  "numerics",
  "layout",
  "bf16",
  "labelSmoothing",
  "gradientCheckpointing",
] as const satisfies readonly (keyof ModelSettings)[];

/** Refuses values that no forward pass knows; absent ones are fine. */
export function checkForwardOptions(settings: ModelSettings): void {
  const { numerics, layout, bf16, labelSmoothing = 0, gradientCheckpointing } = settings;
  if (numerics !== undefined) checkChoice("numerics", numerics, ["fast", "reference"]);
  if (layout !== undefined) checkChoice("layout", layout, ["packed", "padded"]);
  checkFlag("bf16", bf16);
  checkFlag("gradientCheckpointing", gradientCheckpointing);
  if (typeof labelSmoothing !== "number" || !(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new TorchnerError(
      "EARG",
      `labelSmoothing is ${kindOf(labelSmoothing)}; give a number of at least 0 and below 1.`,
    );
  }
}

/** An encoder with a token-classification head; its weights live in libtorch. */
export class TokenClassificationModel implements Disposable {
  /** config.json with `id2label` and `label2id` set. */
  readonly config: ModelConfig;
  /** Label names by id. */
  readonly labels: readonly string[];
  /** What loading found: parameters freshly initialised, tensors without a place. */
  readonly loadReport: LoadReport;
  /** `fast` (default) or `reference`, Hugging Face's bits. Read at each `forward`. */
  numerics: Numerics;
  /** Follows `numerics` unless it is set: packed for fast, padded for reference. */
  layout?: Layout;
  /**
   * Round the operands of products to bfloat16. With `reference`, on a GPU, and where the CPU has a matrix unit this is
   * `torch.autocast`; elsewhere our kernels round in the encoder's layers alone and keep activations in float32.
   */
  bf16: boolean;
  /** Share of the loss that is spread over all labels, in training and evaluation alike, as in Hugging Face's Trainer. */
  labelSmoothing: number;
  /** Less memory for a longer backward pass, with the same bits. */
  gradientCheckpointing: boolean;
  #training = false;
  readonly #native: NativeModel;

  /** @internal Use `AutoModelForTokenClassification`. */
  constructor(
    native: NativeModel,
    description: { config: ModelConfig; labels: readonly string[]; loadReport: LoadReport },
    settings: ModelSettings = {},
  ) {
    if (typeof native?.parameterNames !== "function" || typeof description?.config !== "object") {
      throw new TorchnerError(
        "EARG",
        "TokenClassificationModel has no public constructor; use AutoModelForTokenClassification.",
      );
    }
    this.#native = native;
    this.config = description.config;
    this.labels = description.labels;
    this.loadReport = description.loadReport;
    this.numerics = settings.numerics ?? "fast";
    this.layout = settings.layout;
    this.bf16 = settings.bf16 ?? false;
    this.labelSmoothing = settings.labelSmoothing ?? 0;
    this.gradientCheckpointing = settings.gradientCheckpointing ?? false;
  }

  /** @internal For the optimizer, which updates the weights in place. */
  get native(): NativeModel {
    return this.#native;
  }

  /** Such as `cpu` or `cuda:0`. */
  get device(): string {
    return this.#native.device;
  }

  get disposed(): boolean {
    return this.#native.disposed;
  }

  /** Whether `forward` drops out and records gradients by default. */
  get training(): boolean {
    return this.#training;
  }

  train(): this {
    this.#training = true;
    return this;
  }

  eval(): this {
    this.#training = false;
    return this;
  }

  /**
   * Scores a batch, and its loss where it has labels.
   * @throws {TorchnerError} `EARG` where a shape, token id or label id does not fit the model.
   */
  async forward(batch: Batch, options: ForwardOptions = {}): Promise<ForwardOutput> {
    checkOptions("forward", options, ["training", "grad", ...settingNames]);
    checkForwardOptions(options);
    const { loss, logits } = await this.#native.forward(batch, {
      training: options.training ?? this.#training,
      grad: options.grad ?? options.training ?? this.#training,
      numerics: options.numerics ?? this.numerics,
      layout: options.layout ?? this.layout,
      bf16: options.bf16 ?? this.bf16,
      labelSmoothing: options.labelSmoothing ?? this.labelSmoothing,
      gradientCheckpointing: options.gradientCheckpointing ?? this.gradientCheckpointing,
    });
    return new ForwardOutput(logits as Tensor, loss as Tensor | undefined);
  }

  /** Names in Hugging Face's order and spelling. */
  parameterNames(): string[] {
    return this.#native.parameterNames();
  }

  /** A copy of one parameter. */
  async getParameter(name: string): Promise<Tensor> {
    return (await this.#native.parameter(name)) as Tensor;
  }

  /** A copy of one parameter's gradient; zeros before the first backward. */
  async getGradient(name: string): Promise<Tensor> {
    return (await this.#native.gradient(name)) as Tensor;
  }

  /** Element counts, of all parameters and without the embedding tables. */
  parameterCount(): { total: number; nonEmbedding: number } {
    return this.#native.parameterCount();
  }

  /** Writes `config.json` and `model.safetensors`, which Python's `from_pretrained` opens too. */
  async savePretrained(folder: string): Promise<void> {
    checkText("folder", folder);
    await writeFileDurably(join(folder, "config.json"), `${JSON.stringify(this.config, null, 2)}\n`);
    await this.#native.save(join(folder, "model.safetensors"));
  }

  /** Replaces the weights by those of a folder that this model, or one like it, was saved to. */
  async loadWeights(folder: string): Promise<void> {
    checkText("folder", folder);
    return this.#native.loadWeights([join(folder, "model.safetensors")]);
  }

  /**
   * Lays the encoder's weights out for inference alone, once, in place of doing so at every forward pass: `fp32`
   * (default) with the same results; `bf16` in half the memory, where the CPU multiplies bfloat16; `int8` in a quarter,
   * each row of activations and each row of weights with a scale of its own (dynamic quantization). The model has
   * `forward` without gradients and nothing else from then on; `layout` and `bf16` no longer matter.
   * @throws {TorchnerError} `ESTATE` for a model that is not on the CPU, is packed already, or in bf16 on a CPU without it.
   */
  async packForInference(dtype: InferenceDtype = "fp32"): Promise<void> {
    checkChoice("dtype", dtype, inferenceDtypes);
    return this.#native.packForInference(dtype);
  }

  /** Frees the weights once running work has ended. */
  dispose(): void {
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
