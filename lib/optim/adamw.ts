import { checkOptions, kindOf, shown } from "../messages/checks.ts";
import type { TokenClassificationModel } from "../model/model.ts";
import type { Tensor } from "../model/tensor.ts";
import { TorchnerError } from "../native/errors.ts";
import { native } from "../native/load.ts";
import type { NativeAdamW, AdamWOptions as NativeOptions } from "../native/types.ts";

export interface AdamWOptions extends NativeOptions {
  /** Learning rate; default 1e-3, as torch.optim.AdamW. */
  lr?: number;
}

/**
 * AdamW over all parameters of a model with transformers' parameter groups: biases and LayerNorm do not decay. With the
 * model's numerics `"reference"` it is bit-equal to `torch.optim.AdamW(fused=True)`; with `"fast"` it is one pass on
 * the CPU that applies the clipping before it on its way. Defaults are torch's: betas (0.9, 0.999), eps 1e-8, weightDecay 0.01.
 */
export class AdamW implements Disposable {
  /** The rate of the next step; captured when `step()` is called, not when it runs. */
  lr: number;
  readonly #model: TokenClassificationModel;
  readonly #native: NativeAdamW;

  /** @throws {TorchnerError} `EARG` naming the option that is out of range. */
  constructor(model: TokenClassificationModel, options: AdamWOptions = {}) {
    if (!model?.native) {
      throw new TorchnerError("EARG", `AdamW takes a model, not ${kindOf(model)}.`);
    }
    checkOptions("AdamW", options, ["lr", "betas", "eps", "weightDecay"]);
    const { lr = 1e-3, ...rest } = options;
    if (!Number.isFinite(lr) || lr < 0) {
      throw new TorchnerError("EARG", `lr: expected a finite number of at least 0, got ${shown(lr)}.`);
    }
    this.lr = lr;
    this.#model = model;
    this.#native = new (native().AdamW)(model.native, rest);
  }

  /** One update of all parameters that have gradients. */
  step(): Promise<void> {
    return this.#native.step(this.lr, { numerics: this.#model.numerics });
  }

  /** Drops all gradients. */
  zeroGrad(): Promise<void> {
    return this.#native.zeroGrad();
  }

  /** Scales the gradients to a joint 2-norm of at most `maxNorm`; resolves to the norm before, a scalar. */
  async clipGradNorm(maxNorm: number): Promise<Tensor> {
    return (await this.#native.clipGradNorm(maxNorm, { numerics: this.#model.numerics })) as Tensor;
  }

  /** Writes moments and step counts as safetensors. */
  save(path: string): Promise<void> {
    return this.#native.save(path);
  }

  /** @throws {TorchnerError} `ECHECKPOINT` listing every tensor that does not fit the model. */
  load(path: string): Promise<void> {
    return this.#native.load(path);
  }

  dispose(): void {
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
