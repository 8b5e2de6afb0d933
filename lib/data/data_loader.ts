import { checkFlag, checkOptions, checkPositive, kindOf, shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { randomOrder } from "./generator.ts";
import type { Batch, EncodedExample } from "./types.ts";

/** What a loader reads from: a `Dataset`, or an array. */
export interface Indexed<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/** What a row of a batch was made from, for messages. */
export interface BatchRow {
  /** In the dataset. */
  index: number;
  example: Pick<EncodedExample, "source">;
}

const origins = new WeakMap<Batch, BatchRow[]>();

/** Undefined for a batch that no loader has made. */
export function rowsOf(batch: Batch): readonly BatchRow[] | undefined {
  return origins.get(batch);
}

export interface DataLoaderOptions<T> {
  /** Examples a batch; default 8, TrainingArguments' own. */
  batchSize?: number;
  /** A new order each epoch; default false. */
  shuffle?: boolean;
  /** Epoch e is ordered by `randomOrder(length, seed + e)`; default 42. */
  seed?: number;
  /** An order of its own for each epoch, instead of `shuffle`: dataset indexes, called when the pass begins. */
  sampler?: (epoch: number) => Int32Array | Promise<Int32Array>;
  collator: { collate(examples: readonly T[]): Batch };
  /** Leave out a last batch that is not full; default false. */
  dropLast?: boolean;
}

/**
 * Batches of a dataset, in file order or in Hugging Face's order for this seed. A full pass moves on to the
 * next epoch's order, as accelerate's sampler does, so a plain loop over epochs needs no `setEpoch`.
 */
export class DataLoader<T = EncodedExample> implements AsyncIterable<Batch> {
  readonly #dataset: Indexed<T>;
  readonly #options: Required<Omit<DataLoaderOptions<T>, "sampler">>;
  readonly #sampler: Required<DataLoaderOptions<T>>["sampler"];
  #epoch = 0;

  constructor(dataset: Indexed<T>, options: DataLoaderOptions<T>) {
    if (typeof dataset?.at !== "function" || !Number.isInteger(dataset.length)) {
      throw new TorchnerError("EARG", `DataLoader takes a Dataset, not ${kindOf(dataset)}.`);
    }
    checkOptions("DataLoader", options, [
      ...["batchSize", "shuffle", "seed", "sampler", "collator", "dropLast"],
    ]);
    const { batchSize = 8, shuffle = false, seed = 42, sampler, collator, dropLast = false } = options;
    checkPositive("batchSize", batchSize);
    checkFlag("shuffle", shuffle);
    checkFlag("dropLast", dropLast);
    if (!Number.isSafeInteger(seed)) {
      throw new TorchnerError("EARG", `seed is ${shown(seed)}; give a whole number, e.g. 42.`);
    }
    if (typeof collator?.collate !== "function") {
      throw new TorchnerError(
        "EARG",
        "DataLoader needs a collator; give new DataCollatorForTokenClassification(tokenizer).",
      );
    }
    if (sampler !== undefined && (typeof sampler !== "function" || shuffle)) {
      throw new TorchnerError(
        "EARG",
        "sampler must be a function of the epoch that gives the order, without shuffle: true.",
      );
    }
    this.#dataset = dataset;
    this.#options = { batchSize, shuffle, seed, collator, dropLast };
    this.#sampler = sampler ?? ((epoch) => this.#order(epoch));
  }

  /** Batches in one pass. */
  get length(): number {
    const batches = this.#dataset.length / this.#options.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Which epoch's order the next pass takes, from 0. */
  setEpoch(epoch: number): void {
    if (!Number.isSafeInteger(epoch) || epoch < 0) {
      throw new TorchnerError("EARG", `the epoch is ${shown(epoch)}; give a whole number from 0.`);
    }
    this.#epoch = epoch;
  }

  #order(epoch: number): Int32Array {
    const { shuffle, seed } = this.#options;
    if (shuffle) return randomOrder(this.#dataset.length, seed + epoch);
    return Int32Array.from({ length: this.#dataset.length }, (_, i) => i);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.batchesFrom(0);
  }

  /** One pass that leaves out the first `skipped` batches: how a run goes on in the middle of an epoch. */
  async *batchesFrom(skipped: number): AsyncGenerator<Batch, void, undefined> {
    const { batchSize, collator } = this.#options;
    const epoch = this.#epoch;
    const order = await this.#sampler(epoch);
    for (let batch = skipped; batch < this.length; batch++) {
      const indexes = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      const rows = Array.from(indexes, (index) => ({ index, example: this.#dataset.at(index)! }));
      const made = collator.collate(rows.map(({ example }) => example));
      origins.set(made, rows as BatchRow[]);
      yield made;
    }
    this.#epoch = epoch + 1;
  }
}
