/** How tags are read and counted: the options that every score has, checked, and made into what the counters take. */
import { checkChoice, checkFlag, checkOptions, kindOf } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { checkGoldTags, detectScheme, prefixesOf, type Scheme, schemes, strictSpans } from "./schemes.ts";
import { type Counts, countEntities, type ZeroDivision } from "./scores.ts";
import { BORDER, defaultSpans, type SpanReader } from "./spans.ts";
import { sentenceByPosition, streamsOfTags, type TagStreams } from "./streams.ts";

/** Options of tags and entities, named as in seqeval and Hugging Face's `evaluate`. */
export interface SpanOptions {
  /**
   * `default`: conlleval's lenient reading, where an `I-` after `O` opens an entity. `strict`: by one scheme, and an
   * entity that it does not allow is none.
   */
  mode?: "default" | "strict";
  /** Of `strict`; default the one that the gold tags show (IOB1 and IOE1 look like others and have to be named). */
  scheme?: Scheme;
  /** The prefix is the last character: `PER-B`. Default false. */
  suffix?: boolean;
  /** What a score without anything to divide by is, 0 or 1. Default 0. */
  zeroDivision?: ZeroDivision;
}

export interface ScoringOptions extends SpanOptions {
  /** What each sentence counts, in entities and tokens; default 1. (seqeval takes it and leaves it unused.) */
  sampleWeight?: readonly number[];
}

type Tags = readonly (readonly string[])[];

const spanOptionNames = ["mode", "scheme", "suffix", "zeroDivision"] as const;

/** @throws {TorchnerError} `EARG` naming the option. */
export function checkSpanOptions(call: string, options: SpanOptions, more: readonly string[] = []): void {
  checkOptions(call, options, [...spanOptionNames, ...more]);
  const { mode = "default", scheme, suffix, zeroDivision } = options;
  checkChoice("mode", mode, ["default", "strict"]);
  if (scheme !== undefined) checkChoice("scheme", scheme, schemes);
  if (scheme !== undefined && mode !== "strict") {
    throw new TorchnerError(
      "EARG",
      `${call}: a scheme is read in mode: "strict" alone; set it, or leave scheme out.`,
    );
  }
  checkFlag("suffix", suffix);
  if (zeroDivision !== undefined && zeroDivision !== 0 && zeroDivision !== 1) {
    throw new TorchnerError("EARG", `zeroDivision is ${kindOf(zeroDivision)}; give 0 or 1.`);
  }
}

/**
 * The rules that the options ask for, for these streams.
 * @throws {TorchnerError} `EDATA` for gold tags outside of the scheme, or whose scheme cannot be told.
 */
export function spanReader({ gold, predicted, table }: TagStreams, options: SpanOptions): SpanReader {
  if (options.mode !== "strict") return defaultSpans;
  const scheme = options.scheme ?? schemeOf(gold, table) ?? schemeOfOutsideOnly(gold, predicted, table);
  if (scheme === undefined) {
    const found = [...new Set([...gold].filter((tag) => tag !== BORDER))].map((tag) => table.tags[tag]);
    throw new TorchnerError(
      "EDATA",
      `the gold tags (${found.slice(0, 6).join(", ")}) do not tell their scheme; name it: ${schemes.join(", ")}.`,
    );
  }
  checkGoldTags(gold, table, scheme);
  return strictSpans(scheme);
}

const schemeOf = (stream: Int32Array, table: TagStreams["table"]) => detectScheme(prefixesOf(stream, table));

/** Gold without any entity has no scheme; what is predicted may have one. With neither, any will do. */
function schemeOfOutsideOnly(
  gold: Int32Array,
  predicted: Int32Array,
  table: TagStreams["table"],
): Scheme | undefined {
  const isOutside = (stream: Int32Array) => [...prefixesOf(stream, table)].every((prefix) => prefix === 0);
  if (!isOutside(gold)) return undefined;
  return schemeOf(predicted, table) ?? "IOB2";
}

export interface Counted {
  counts: Map<string, Counts>;
  streams: TagStreams;
  readSpans: SpanReader;
  /** By position in the streams; undefined where all sentences count alike. */
  weights?: Float64Array;
}

/**
 * Entities of tags, counted as the options say.
 * @param more  Names of further options that `call` takes.
 */
export function countTags(
  call: string,
  gold: Tags,
  predicted: Tags,
  options: ScoringOptions,
  more: readonly string[] = [],
): Counted {
  checkSpanOptions(call, options, ["sampleWeight", ...more]);
  const { sampleWeight } = options;
  const streams = streamsOfTags(gold, predicted, options);
  const weights = sampleWeight && weightsByPosition(streams.gold, sampleWeight, gold.length);
  const readSpans = spanReader(streams, options);
  return { streams, weights, readSpans, counts: countEntities(streams, readSpans, weights) };
}

function weightsByPosition(stream: Int32Array, weights: readonly number[], sentences: number): Float64Array {
  const fits = Array.isArray(weights) && weights.every((weight) => Number.isFinite(weight) && weight >= 0);
  if (!fits || weights.length !== sentences) {
    throw new TorchnerError(
      "EARG",
      `sampleWeight must have a number of at least 0 for each of the ${sentences} sentences.`,
    );
  }
  return Float64Array.from(sentenceByPosition(stream), (sentence) => weights[sentence]!);
}
