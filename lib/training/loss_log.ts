import type { Batch } from "../data/types.ts";
import type { NativeTensor } from "../native/types.ts";
import { MAX_NON_FINITE, type Suspect } from "./non_finite.ts";

/** Handles held at most before they are read: enough that a step does not wait, few enough to stop a lost run soon. */
const MAX_PENDING = 16;

/** As it stands in a checkpoint. */
export interface LossLogState {
  sum: number;
  logged_step: number;
  total: number;
  non_finite: number;
}

export interface LossLogOptions {
  filter: boolean;
  start?: LossLogState;
  lost(suspect: Suspect): Promise<never>;
}

type Pending = { tensor: NativeTensor; step: number } & (
  | { kind: "loss"; batch: Batch; labelled: boolean }
  | { kind: "norm"; batches: readonly Batch[] }
);

/**
 * Reads the losses and the norms of the gradients, and sums losses as Hugging Face's Trainer does: one float32 sum since
 * the last log, in which (with the filter) a loss that is NaN or infinite counts as the mean of those before it. The
 * values stay on the device until some have come together or someone asks, so a step does not wait for its loss; hence
 * a run that is lost ends some updates later.
 */
export class LossLog {
  readonly #filter: boolean;
  readonly #lost: LossLogOptions["lost"];
  #pending: Pending[] = [];
  #sum = 0;
  #logged = 0;
  #total = 0;
  #nonFinite = 0;
  #nonFiniteNorms = 0;
  #norm?: number;
  /** The first of the row that is not finite now, of losses and of norms. */
  readonly #suspects: { loss?: Suspect; norm?: Suspect } = {};

  /**
   * @param options.filter  Transformers' `logging_nan_inf_filter`: without it, one NaN makes the sum NaN.
   * @param options.start   What `state()` gave when the run was saved.
   * @param options.lost    Called when too many values in a row are not finite; throws.
   */
  constructor({ filter, start, lost }: LossLogOptions) {
    this.#filter = filter;
    this.#lost = lost;
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
  async add(loss: NativeTensor, step: number, batch: Batch, { labelled = true } = {}): Promise<void> {
    await this.#hold({ kind: "loss", tensor: loss, step, batch, labelled });
  }

  /** @param norm  Of the gradients of all these batches, disposed here. */
  async addNorm(norm: NativeTensor, step: number, batches: readonly Batch[]): Promise<void> {
    await this.#hold({ kind: "norm", tensor: norm, step, batches });
  }

  /** The norm that came last. */
  async norm(): Promise<number | undefined> {
    await this.#drain();
    return this.#norm;
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
    for (const { tensor } of this.#pending.splice(0)) tensor.dispose();
  }

  async #hold(value: Pending): Promise<void> {
    this.#pending.push(value);
    if (this.#pending.length >= MAX_PENDING) await this.#drain();
  }

  async #drain(): Promise<void> {
    const pending = this.#pending.splice(0);
    try {
      const values = await Promise.all(pending.map(({ tensor }) => tensor.item()));
      for (const [i, value] of values.entries()) {
        const from = pending[i]!;
        if (from.kind === "loss") await this.#countLoss(value, from);
        else await this.#countNorm(value, from);
      }
    } finally {
      for (const { tensor } of pending) tensor.dispose();
    }
  }

  async #countLoss(value: number, { step, batch, labelled }: Pending & { kind: "loss" }): Promise<void> {
    if (Number.isFinite(value)) {
      this.#nonFinite = 0;
      this.#sum = Math.fround(this.#sum + value);
      return;
    }
    // Without labels the loss is 0 / 0, and the gradients are zeros.
    if (labelled && this.#nonFinite++ === 0)
      this.#suspects.loss = { what: "loss", value, step: step + 1, batches: [batch] };
    if (this.#nonFinite >= MAX_NON_FINITE) await this.#lost(this.#earlierSuspect());
    const counted = this.#filter ? Math.fround(this.#sum / (1 + step - this.#logged)) : value;
    this.#sum = Math.fround(this.#sum + counted);
  }

  /** Of an update in which one batch was lost and a later one was not, only the norm tells. */
  #earlierSuspect(): Suspect {
    const { loss, norm } = this.#suspects;
    return this.#nonFiniteNorms > 0 && norm!.step < loss!.step ? norm! : loss!;
  }

  async #countNorm(value: number, { step, batches }: Pending & { kind: "norm" }): Promise<void> {
    this.#norm = value;
    if (Number.isFinite(value)) {
      this.#nonFiniteNorms = 0;
      return;
    }
    if (this.#nonFiniteNorms++ === 0)
      this.#suspects.norm = { what: "gradient norm", value, step: step + 1, batches };
    if (this.#nonFiniteNorms >= MAX_NON_FINITE) await this.#lost(this.#suspects.norm!);
  }
}
