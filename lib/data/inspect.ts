/** Counts that describe tagged data: sizes, labels, entities, lengths in pieces. Pure. */
import type { Scheme } from "../metrics/schemes.ts";
import { readEntities, schemeOfTags, tagsOf } from "./scheme.ts";
import type { WordTokenizer } from "./tokenize_and_align.ts";
import type { Example } from "./types.ts";

export interface Inspection {
  sentences: number;
  words: number;
  scheme?: Scheme;
  /** By label, the most frequent first. */
  labels: Record<string, number>;
  /** By type: how many, how many distinct, their mean length in words. */
  entities: Record<string, { count: number; distinct: number; mean_words: number }>;
  words_per_sentence: Distribution;
  /** Where a tokenizer was given. */
  pieces?: PieceCounts;
}

export interface Distribution {
  mean: number;
  median: number;
  p99: number;
  max: number;
}

export interface PieceCounts {
  per_sentence: Distribution;
  per_word: number;
  max_length?: number;
  /** Sentences over the maximum length, and words in what is beyond it. */
  long_sentences: number;
  words_beyond: number;
  /** Words that hold an unknown piece, and words without any piece. */
  unknown_words: number;
  words_without_pieces: number;
}

export function inspectExamples(examples: readonly Example[], asked?: Scheme): Inspection {
  const tags = tagsOf(examples);
  const scheme = asked ?? schemeOfTags(tags);
  const labels = new Map<string, number>();
  for (const tag of tags.flat()) labels.set(tag, (labels.get(tag) ?? 0) + 1);
  const entities = new Map<string, { count: number; names: Set<string>; words: number }>();
  for (const [i, { tokens }] of examples.entries()) {
    for (const { type, start, end } of readEntities(tags[i]!, scheme ?? "IOB2").entities) {
      const found = entities.get(type) ?? { count: 0, names: new Set(), words: 0 };
      found.count++;
      found.words += end - start + 1;
      found.names.add(tokens.slice(start, end + 1).join(" "));
      entities.set(type, found);
    }
  }
  return {
    sentences: examples.length,
    words: examples.reduce((sum, { tokens }) => sum + tokens.length, 0),
    ...(scheme && { scheme }),
    labels: Object.fromEntries([...labels].sort(([, a], [, b]) => b - a)),
    entities: Object.fromEntries(
      [...entities]
        .sort(([, a], [, b]) => b.count - a.count)
        .map(([type, { count, names, words }]) => [
          type,
          { count, distinct: names.size, mean_words: words / count },
        ]),
    ),
    words_per_sentence: distribution(examples.map(({ tokens }) => tokens.length)),
  };
}

/** @param maxLength  Most pieces of a sentence; default the tokenizer's own. */
export async function countPieces(
  examples: readonly Example[],
  tokenizer: WordTokenizer & { unkTokenId: number | undefined },
  maxLength = tokenizer.modelMaxLength,
): Promise<PieceCounts> {
  const counts = { long_sentences: 0, words_beyond: 0, unknown_words: 0, words_without_pieces: 0 };
  const lengths: number[] = [];
  let words = 0;
  let pieces = 0;
  const chunk = 4096;
  for (let start = 0; start < examples.length; start += chunk) {
    const sentences = examples.slice(start, start + chunk).map(({ tokens }) => tokens);
    for (const [i, { ids, wordIds, length }] of (await tokenizer.encodeWords(sentences)).entries()) {
      lengths.push(length);
      const unknown = new Set<number>();
      const seen = new Set<number>();
      for (const [piece, word] of wordIds.entries()) {
        if (word < 0) continue;
        pieces++;
        seen.add(word);
        if (ids[piece] === tokenizer.unkTokenId) unknown.add(word);
      }
      words += sentences[i]!.length;
      counts.unknown_words += unknown.size;
      counts.words_without_pieces += sentences[i]!.length - seen.size;
      if (length <= maxLength) continue;
      counts.long_sentences++;
      const kept = new Set(wordIds.subarray(0, maxLength - 1)); // the last place is [SEP]'s
      counts.words_beyond += [...seen].filter((word) => !kept.has(word)).length;
    }
  }
  return {
    per_sentence: distribution(lengths),
    per_word: words === 0 ? 0 : pieces / words,
    ...(Number.isFinite(maxLength) && { max_length: maxLength }),
    ...counts,
  };
}

function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const mean = sorted.length === 0 ? 0 : sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { mean, median: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
