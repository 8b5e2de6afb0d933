import { checkChoice, checkFlag, checkOptions, checkPositive, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { type Align, ignoredLabel, labelStrategies, makeAlign } from "../tokenization/align.ts";
import { windowsOf } from "../tokenization/windows.ts";
import { examplePlace } from "./labels.ts";
import type { EncodedExample, Example, LabelStrategy } from "./types.ts";

/** One sentence's pieces, as `Tokenizer.encodeWords` gives them. */
interface Pieces {
  ids: Int32Array;
  typeIds: Int32Array;
  wordIds: Int32Array;
  specialTokensMask: Uint8Array;
  length: number;
  /** Pieces that truncation cut off. */
  truncated: number;
}

/** What is needed of a tokenizer. */
export interface WordTokenizer {
  modelMaxLength: number;
  padTokenId: number | undefined;
  padTokenTypeId: number;
  encodeWords(
    sentences: readonly (readonly string[])[],
    options?: { maxLength?: number },
  ): Promise<readonly Pieces[]>;
}

export interface TokenizeOptions {
  /** Which pieces of a word carry its label; default `first`. */
  labelStrategy?: LabelStrategy;
  /** Most pieces of a sentence, special tokens included; default the tokenizer's `modelMaxLength`. */
  maxLength?: number;
  /** Pad every sentence to `maxLength` here instead of leaving it to the collator; default false. */
  padToMaxLength?: boolean;
  /**
   * Sentences over `maxLength`: cover them by several rows that overlap (default; each word is learnt and predicted once,
   * where it has most context, and `numerics: "reference"` cuts them all the same, as Hugging Face does), cut them, or
   * refuse.
   */
  longSequences?: LongSequences;
}

const longSequenceChoices = ["window", "truncate", "error"] as const;
export type LongSequences = (typeof longSequenceChoices)[number];

/** Sentences in one native call: enough to keep all threads busy, few enough to bound memory. */
const chunkSize = 8192;

/**
 * A function for `DatasetDict.map`: words to pieces, word labels to piece labels. `wordLabels` keeps the gold
 * label id of every word, cut-off words included; in an example without tags all of them are -100.
 *
 * @throws {TorchnerError} here `EARG` for an option; later `EDATA` naming file:line for a sentence that is too
 *   long (`longSequences: "error"`), without words, or with a tag outside the labels.
 */
export function tokenizeAndAlignLabels(
  tokenizer: WordTokenizer,
  options: TokenizeOptions = {},
): (examples: readonly Example[], labels: readonly string[]) => Promise<EncodedExample[]> {
  const { strategy, limit, padTo, longSequences } = checked(tokenizer, options);
  return async (examples, labels) => {
    const align = makeAlign({ strategy, labels });
    const ids = new Map(labels.map((label, id) => [label, id]));
    const encoded: EncodedExample[] = [];
    for (let start = 0; start < examples.length; start += chunkSize) {
      const chunk = examples.slice(start, start + chunkSize);
      const wordLabels = chunk.map((example, i) => labelIds(example, ids, start + i + 1));
      const pieces = await tokenizer.encodeWords(
        chunk.map(({ tokens }) => tokens),
        { maxLength: limit },
      );
      const whole = longSequences === "window" ? await wholePieces(tokenizer, chunk, pieces) : undefined;
      for (const [i, example] of chunk.entries()) {
        if (longSequences === "error") refuseTruncated(example, pieces[i]!, start + i + 1);
        const aligned = encodedExample(pieces[i]!, wordLabels[i]!, align, example);
        const finish = (one: EncodedExample) => (padTo ? padded(one, padTo, tokenizer) : one);
        const long = whole?.get(i);
        if (!long) encoded.push(inOneMemory(finish(aligned)));
        else
          encoded.push(
            ...windowed(long, limit!, encodedExample(long, wordLabels[i]!, align, example), finish, aligned),
          );
      }
    }
    return encoded;
  };
}

function checked(tokenizer: WordTokenizer, options: TokenizeOptions) {
  if (typeof tokenizer?.encodeWords !== "function") {
    throw new TorchnerError("EARG", `tokenizeAndAlignLabels takes a tokenizer, not ${kindOf(tokenizer)}.`);
  }
  checkOptions("tokenizeAndAlignLabels", options, [
    "labelStrategy",
    "maxLength",
    "padToMaxLength",
    "longSequences",
  ]);
  const { labelStrategy = "first", longSequences = "window", padToMaxLength, maxLength } = options;
  const strategy = checkChoice("labelStrategy", labelStrategy, labelStrategies);
  checkChoice("longSequences", longSequences, longSequenceChoices);
  checkFlag("padToMaxLength", padToMaxLength);
  if (maxLength !== undefined) checkPositive("maxLength", maxLength);
  const given = maxLength ?? tokenizer.modelMaxLength;
  const limit = Number.isFinite(given) ? given : undefined;
  if (padToMaxLength && (limit === undefined || tokenizer.padTokenId === undefined)) {
    const missing =
      limit === undefined ? "a maximum length: give maxLength" : "a tokenizer with a padding token";
    throw new TorchnerError("EARG", `padToMaxLength needs ${missing}.`);
  }
  return { strategy, limit, longSequences, padTo: padToMaxLength ? limit : undefined };
}

/** Those sentences of the chunk that were cut, in full. */
async function wholePieces(
  tokenizer: WordTokenizer,
  chunk: readonly Example[],
  pieces: readonly Pieces[],
): Promise<Map<number, Pieces>> {
  const long = [...pieces.keys()].filter((i) => pieces[i]!.truncated > 0);
  if (long.length === 0) return new Map();
  const whole = await tokenizer.encodeWords(long.map((i) => chunk[i]!.tokens));
  return new Map(long.map((i, at) => [i, whole[at]!]));
}

/** A row per window; what another window decides has neither label nor word there. */
function windowed(
  pieces: Pieces,
  limit: number,
  whole: EncodedExample,
  finish: (row: EncodedExample) => EncodedExample,
  truncated: EncodedExample,
): EncodedExample[] {
  const { source, wordLabels } = whole;
  return windowsOf(pieces, limit).map(({ ids, typeIds, from, to, offset }, index) => {
    const decided = (values: Int32Array, elsewhere: number) => {
      const row = new Int32Array(ids.length).fill(elsewhere);
      row.set(values.subarray(from, to), offset);
      return row;
    };
    const row = finish({
      ...{ inputIds: ids, tokenTypeIds: typeIds, attentionMask: new Int32Array(ids.length).fill(1) },
      ...{ labels: decided(whole.labels, ignoredLabel), wordIds: decided(whole.wordIds, -1), wordLabels },
      ...(source && { source }),
    });
    return { ...row, window: { index, ...(index === 0 && { truncated: finish(truncated) }) } };
  });
}

function labelIds(example: Example, ids: Map<string, number>, number: number): Int32Array {
  const { tokens, nerTags } = example;
  const place = examplePlace(example, number);
  if (tokens.length === 0) {
    throw new TorchnerError("EDATA", `${place}: a sentence without words; take it out.`);
  }
  if (nerTags === undefined) return new Int32Array(tokens.length).fill(ignoredLabel);
  if (nerTags.length !== tokens.length) {
    throw new TorchnerError(
      "EDATA",
      `${place}: ${tokens.length} words but ${nerTags.length} tags; give every word one tag.`,
    );
  }
  return Int32Array.from(nerTags, (tag) => {
    const id = ids.get(tag);
    if (id !== undefined) return id;
    throw new TorchnerError(
      "EDATA",
      `${place}: the labels (${[...ids.keys()].join(", ")}) lack ${tag}; add it to them or correct the tag.`,
    );
  });
}

function refuseTruncated(example: Example, { ids, truncated }: Pieces, number: number): void {
  if (truncated === 0) return;
  throw new TorchnerError(
    "EDATA",
    `${examplePlace(example, number)}: the sentence has ${ids.length + truncated} pieces, over the maximum of ` +
      `${ids.length}; split it, raise maxLength (--max-seq-length), or let longSequences (--long-sequences) be window.`,
  );
}

function encodedExample(
  { ids, typeIds, wordIds }: Pieces,
  wordLabels: Int32Array,
  align: Align,
  { source }: Example,
): EncodedExample {
  return {
    inputIds: ids,
    tokenTypeIds: typeIds,
    attentionMask: new Int32Array(ids.length).fill(1),
    labels: align(wordIds, wordLabels),
    wordIds,
    wordLabels,
    source,
  };
}

const arrayNames = ["inputIds", "tokenTypeIds", "attentionMask", "labels", "wordIds", "wordLabels"] as const;

/**
 * The example with its arrays in one memory of its own, where the collector would have six to look after. Not for
 * windows: they share `wordLabels`, by which they are known to be of one sentence.
 */
function inOneMemory(example: EncodedExample): EncodedExample {
  const memory = new Int32Array(arrayNames.reduce((length, name) => length + example[name].length, 0));
  const together = { ...example };
  let at = 0;
  for (const name of arrayNames) {
    memory.set(example[name], at);
    together[name] = memory.subarray(at, at + example[name].length);
    at += example[name].length;
  }
  return together;
}

function padded(example: EncodedExample, width: number, tokenizer: WordTokenizer): EncodedExample {
  const pad = (values: Int32Array, value: number) => {
    const wide = new Int32Array(width).fill(value);
    wide.set(values);
    return wide;
  };
  return {
    ...example,
    inputIds: pad(example.inputIds, tokenizer.padTokenId!),
    tokenTypeIds: pad(example.tokenTypeIds, tokenizer.padTokenTypeId),
    attentionMask: pad(example.attentionMask, 0),
    labels: pad(example.labels, ignoredLabel),
    wordIds: pad(example.wordIds, -1),
  };
}
