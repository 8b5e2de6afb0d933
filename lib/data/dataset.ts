import { checkOptions, kindOf, shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { checkLabels, collectLabels, examplePlace } from "./labels.ts";
import type { DataNote, EncodedExample, Example } from "./types.ts";

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
      `index ${shown(index)} is outside the dataset; it has ${this.length} examples, from 0.`,
    );
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }

  /** Items `start` up to but not including `end`, by the rules of Array.slice: `slice(0, n)` are the first n. */
  slice(start?: number, end?: number): Dataset<T> {
    for (const border of [start, end]) {
      if (border === undefined || typeof border === "number") continue;
      throw new TorchnerError("EARG", `slice takes numbers, not ${kindOf(border)}.`);
    }
    return new Dataset(this.#items.slice(start, end));
  }

  /** A dataset of `fn(item, index)` for each item. */
  map<U>(fn: (item: T, index: number) => U): Dataset<U> {
    if (typeof fn !== "function") throw new TorchnerError("EARG", `map takes a function, not ${kindOf(fn)}.`);
    return new Dataset(this.#items.map((item, i) => fn(item, i)));
  }

  toArray(): T[] {
    return [...this.#items];
  }

  /** What `console.log` shows: `Dataset { length: 2, first: { tokens: [...], ... } }`. */
  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return `Dataset ${inspect({ length: this.length, first: this.#items[0] }, options)}`;
  }
}

export const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** Per split, what may stand in its place: `undefined`, or `never` where it is given for certain. */
type Absence = Record<SplitName, undefined>;

/** The absence of splits that options of the type `O` leave open. */
export type AbsenceIn<O> = { [S in SplitName]: O extends { [_ in S]: string } ? never : undefined };

/** `O`, but for keys outside `Known`: a generic parameter alone would let a misspelt option pass. */
export type Only<O, Known> = O & Record<Exclude<keyof O, keyof Known>, never>;

/** Splits ready for the model, as `DatasetDict.map` makes them; `Absent` tells which may be missing. */
export interface EncodedDatasetDict<Absent extends Absence = Absence> {
  train: Dataset<EncodedExample> | Absent["train"];
  validation: Dataset<EncodedExample> | Absent["validation"];
  test: Dataset<EncodedExample> | Absent["test"];
  labels: string[];
}

/** Turns examples into what the model takes, in their order, a long one into several; `tokenizeAndAlignLabels` makes one. */
export type EncodeExamples = (
  examples: readonly Example[],
  labels: readonly string[],
) => Promise<EncodedExample[]>;

/**
 * The splits of one task and the labels they share; the index of a label is its id. `Absent` tells which
 * splits may be missing, so that `data.train` of `loadDataset({ train })` needs no check.
 */
export class DatasetDict<Absent extends Absence = Absence> {
  readonly train: Dataset<Example> | Absent["train"];
  readonly validation: Dataset<Example> | Absent["validation"];
  readonly test: Dataset<Example> | Absent["test"];
  readonly labels: string[];
  /** What reading the files has changed or left out, each with its places. */
  readonly notes: readonly DataNote[];

  /**
   * @param splits  Datasets or arrays of examples. Without `labels`: those of train, sorted by code point
   *   (without train: those of all splits).
   * @throws {TorchnerError} `EARG` without a split; `EDATA` for an example whose words and tags differ in
   *   number, or a tag outside the labels, naming file:line.
   */
  constructor(
    splits: Partial<Record<SplitName, Dataset<Example> | readonly Example[]>> & {
      labels?: readonly string[];
      notes?: readonly DataNote[];
    },
  ) {
    checkOptions("DatasetDict", splits, [...splitNames, "labels", "notes"]);
    for (const name of ["labels", "notes"] as const) {
      if (splits[name] === undefined || Array.isArray(splits[name])) continue;
      throw new TorchnerError("EARG", `${name} is ${kindOf(splits[name])}; give an array.`);
    }
    this.notes = [...(splits.notes ?? [])];
    const datasetOf = <S extends SplitName>(name: S) => {
      const given = splits[name];
      const dataset = given === undefined || given instanceof Dataset ? given : new Dataset(given);
      return dataset as Dataset<Example> | Absent[S];
    };
    this.train = datasetOf("train");
    this.validation = datasetOf("validation");
    this.test = datasetOf("test");
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
  async map(fn: EncodeExamples): Promise<EncodedDatasetDict<Absent>> {
    if (typeof fn !== "function") {
      throw new TorchnerError(
        "EARG",
        `map takes a function, e.g. tokenizeAndAlignLabels(tokenizer), not ${kindOf(fn)}.`,
      );
    }
    const encoded: Partial<Record<SplitName, Dataset<EncodedExample>>> = {};
    for (const [name, split] of this.#splits()) {
      encoded[name] = new Dataset(await fn(split.toArray(), this.labels));
    }
    return { ...encoded, labels: [...this.labels] } as EncodedDatasetDict<Absent>;
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
