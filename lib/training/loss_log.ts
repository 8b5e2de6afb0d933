import { TorchnerError } from "../native/errors.ts";
import type { NativeTensor } from "../native/types.ts";

/** Handles held at most before they are read: enough that reading costs nothing, few enough to stay small. */
const MAX_PENDING = 512;

/** A model is lost, not unlucky, when this many labelled batches in a row have a loss that is not finite. */
const MAX_NON_FINITE = 3;

/** As it stands in a checkpoint. */
export interface LossLogState {
  sum: number;
  logged_step: number;
  total: number;
  non_finite: number;
}

interface Pending {
  loss: NativeTensor;
  step: number;
  /** Without labels the loss is 0 / 0, and the gradients are zeros. */
  labelled: boolean;
}

/**
 * Sums losses as Hugging Face's Trainer does: one float32 sum since the last log, in which (with the filter) a loss that
 * is NaN or infinite counts as the mean of those before it. The values stay on the device until someone asks for the sum, so
 * a step does not wait for its loss; hence an `ENONFINITE` comes with the next log, not with the batch.
 */
export class LossLog {
  readonly #filter: boolean;
  #pending: Pending[] = [];
  #sum = 0;
  #logged = 0;
  #total = 0;
  #nonFinite = 0;

  /**
   * @param options.filter  Transformers' `logging_nan_inf_filter`: without it, one NaN makes the sum NaN.
   * @param options.start   What `state()` gave when the run was saved.
   */
  constructor({ filter, start }: { filter: boolean; start?: LossLogState }) {
    this.#filter = filter;
    if (!start) return;
    this.#sum = start.sum;
    this.#logged = start.logged_step;
    this.#total = start.total;
    this.#nonFinite = start.non_finite;
  }

  /** With every loss read: what a resumed run needs to log the same numbers. */
  async state(): Promise<LossLogState> {
    await this.#drain();
    return { sum: this.#sum, logged_step: this.#logged, total: this.#total, non_finite: this.#nonFinite };
  }

  /** Sum of all losses since the run began. */
  async total(): Promise<number> {
    await this.#drain();
    return this.#total + this.#sum;
  }

  /** @param loss  A detached scalar, disposed here.  @param step  Updates done before this batch. */
  async add(loss: NativeTensor, step: number, { labelled = true } = {}): Promise<void> {
    this.#pending.push({ loss, step, labelled });
    if (this.#pending.length >= MAX_PENDING) await this.#drain();
  }

  /** The sum since the last call, and the updates it covers. `step`: updates done now. */
  async take(step: number): Promise<{ sum: number; updates: number }> {
    await this.#drain();
    const taken = { sum: this.#sum, updates: step - this.#logged };
    this.#total += this.#sum;
    this.#sum = 0;
    this.#logged = step;
    return taken;
  }

  /** Whether an update was made since the last log; without one there is no row to write. */
  hasNews(step: number): boolean {
    return step > this.#logged;
  }

  dispose(): void {
    for (const { loss } of this.#pending.splice(0)) loss.dispose();
  }

  async #drain(): Promise<void> {
    const pending = this.#pending.splice(0);
    try {
      const values = await Promise.all(pending.map(({ loss }) => loss.item()));
      for (const [i, value] of values.entries()) this.#count(value, pending[i]!);
    } finally {
      for (const { loss } of pending) loss.dispose();
    }
  }

  #count(value: number, { step, labelled }: Pending): void {
    if (Number.isFinite(value)) {
      this.#nonFinite = 0;
      this.#sum = Math.fround(this.#sum + value);
      return;
    }
    if (labelled) this.#nonFinite++;
    if (this.#nonFinite >= MAX_NON_FINITE) {
      throw new TorchnerError(
        "ENONFINITE",
        `The loss was ${value} in ${MAX_NON_FINITE} batches in a row, the last in step ${step + 1}; ` +
          "lower learningRate (--learning-rate), or look at the sentences of that step.",
      );
    }
    const counted = this.#filter ? Math.fround(this.#sum / (1 + step - this.#logged)) : value;
    this.#sum = Math.fround(this.#sum + counted);
  }
}
