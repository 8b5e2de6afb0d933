import { checkOptions, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { checkLabels, collectLabels, examplePlace } from "./labels.ts";
import type { EncodedExample, Example } from "./types.ts";

/** An ordered, read-only collection in memory; its items are shared, not copied. */
export class Dataset<T> implements Iterable<T> {
  readonly #items: readonly T[];

  /** @param items  Kept as it is; do not change it afterwards. */
  constructor(items: readonly T[]) {
    if (!Array.isArray(items)) {
      throw new TorchnerError("EARG", `a Dataset is made from an array of examples, not ${kindOf(items)}.`);
    }
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  /** The i-th item; a negative index counts from the end. Throws `EARG` outside the dataset. */
  at(index: number): T {
    const item = Number.isInteger(index) ? this.#items.at(index) : undefined;
    if (item !== undefined) return item;
    throw new TorchnerError(
      "EARG",
      `index ${String(index)} is outside the dataset; it has ${this.length} examples, from 0.`,
    );
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }

  /** Items `start` up to but not including `end`, by the rules of Array.slice: `slice(0, n)` are the first n. */
  slice(start?: number, end?: number): Dataset<T> {
    return new Dataset(this.#items.slice(start, end));
  }

  /** A dataset of `fn(item, index)` for each item. */
  map<U>(fn: (item: T, index: number) => U): Dataset<U> {
    return new Dataset(this.#items.map((item, i) => fn(item, i)));
  }

  toArray(): T[] {
    return [...this.#items];
  }
}

const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** Splits ready for the model, as `DatasetDict.map` makes them. */
export interface EncodedDatasetDict {
  train?: Dataset<EncodedExample>;
  validation?: Dataset<EncodedExample>;
  test?: Dataset<EncodedExample>;
  labels: string[];
}

/** Turns examples into what the model takes; `tokenizeAndAlignLabels` makes one. Keeps number and order. */
export type EncodeExamples = (
  examples: readonly Example[],
  labels: readonly string[],
) => Promise<EncodedExample[]>;

/** The splits of one task and the labels they share; the index of a label is its id. */
export class DatasetDict {
  readonly train?: Dataset<Example>;
  readonly validation?: Dataset<Example>;
  readonly test?: Dataset<Example>;
  readonly labels: string[];

  /**
   * @param splits  Datasets or arrays of examples. Without `labels`: those of train, sorted by code point
   *   (without train: those of all splits).
   * @throws {TorchnerError} `EARG` without a split; `EDATA` for an example whose words and tags differ in
   *   number, or a tag outside the labels, naming file:line.
   */
  constructor(
    splits: Partial<Record<SplitName, Dataset<Example> | readonly Example[]>> & {
      labels?: readonly string[];
    },
  ) {
    checkOptions("DatasetDict", splits, [...splitNames, "labels"]);
    for (const name of splitNames) {
      const given = splits[name];
      if (given !== undefined) this[name] = given instanceof Dataset ? given : new Dataset(given);
    }
    const present = this.#splits();
    if (present.length === 0) {
      throw new TorchnerError("EARG", "no split is given; give at least one of train, validation, test.");
    }
    for (const [, split] of present) checkShapes(split);
    const all = present.flatMap(([, split]) => split.toArray());
    this.labels = splits.labels ? [...splits.labels] : collectLabels(this.train ?? all);
    const owner = splits.labels ? "the list of label names" : "the training data";
    for (const [, split] of present) checkLabels(split, this.labels, owner);
  }

  /** Every split through `fn`, one after the other. */
  async map(fn: EncodeExamples): Promise<EncodedDatasetDict> {
    if (typeof fn !== "function") {
      throw new TorchnerError(
        "EARG",
        `map takes a function, e.g. tokenizeAndAlignLabels(tokenizer), not ${kindOf(fn)}.`,
      );
    }
    const encoded: EncodedDatasetDict = { labels: [...this.labels] };
    for (const [name, split] of this.#splits()) {
      encoded[name] = new Dataset(await fn(split.toArray(), this.labels));
    }
    return encoded;
  }

  #splits(): [SplitName, Dataset<Example>][] {
    return splitNames.flatMap((name) => {
      const split = this[name];
      return split ? [[name, split] as [SplitName, Dataset<Example>]] : [];
    });
  }
}

/** Hand-made examples come here unread by any reader. */
function checkShapes(examples: Iterable<Example>): void {
  let number = 0;
  for (const example of examples) {
    number += 1;
    if (!Array.isArray(example?.tokens)) {
      throw new TorchnerError(
        "EDATA",
        `example ${number}: no tokens; give { tokens: [...], nerTags: [...] }.`,
      );
    }
    const { tokens, nerTags } = example;
    if (nerTags === undefined || nerTags.length === tokens.length) continue;
    throw new TorchnerError(
      "EDATA",
      `${examplePlace(example, number)}: ${tokens.length} words but ${nerTags.length} tags; give every word one tag.`,
    );
  }
}
