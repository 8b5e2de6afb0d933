import type { BertOptions, TokenizerFiles, TokenizerSettings } from "./tokenizer_files.ts";
import { parseJson } from "./tokenizer_files.ts";

/** The part of a `tokenizer.json` that this file reads. */
interface TokenizerJson {
  normalizer?: {
    type?: string;
    lowercase?: boolean;
    strip_accents?: boolean | null;
    handle_chinese_chars?: boolean;
  } | null;
}

/** Classes that Python opens from `tokenizer.json` alone, without looking at BERT's options. */
const plainClasses = new Set(["PreTrainedTokenizerFast", "TokenizersBackend"]);

/**
 * `tokenizer.json` with the options of `tokenizer_config.json` where the two differ: Python builds BERT's
 * normalizer from the latter, so they win. The bytes themselves where nothing differs.
 */
export function withConfiguredNormalizer(json: Uint8Array, settings: TokenizerSettings): Uint8Array {
  const { bert } = settings;
  const given = Object.keys(bert).length > 0;
  if (!given || plainClasses.has(settings.tokenizerClass ?? "")) return json;
  const parsed = parseJson(json, "tokenizer.json") as TokenizerJson;
  const stored = parsed.normalizer;
  if (stored?.type !== "BertNormalizer") return json;
  const wanted = {
    ...stored,
    lowercase: bert.do_lower_case ?? stored.lowercase,
    strip_accents: bert.strip_accents === undefined ? stored.strip_accents : bert.strip_accents,
    handle_chinese_chars: bert.tokenize_chinese_chars ?? stored.handle_chinese_chars,
  };
  const same =
    wanted.lowercase === stored.lowercase &&
    (wanted.strip_accents ?? null) === (stored.strip_accents ?? null) &&
    wanted.handle_chinese_chars === stored.handle_chinese_chars;
  return same ? json : new TextEncoder().encode(JSON.stringify({ ...parsed, normalizer: wanted }));
}

/** The options a tokenizer works with, from its `tokenizer.json`; undefined where it is not BERT's. */
export function normalizerOptions(json: Uint8Array): Required<BertOptions> | undefined {
  const { normalizer } = parseJson(json, "tokenizer.json") as TokenizerJson;
  if (normalizer?.type !== "BertNormalizer") return undefined;
  return {
    do_lower_case: normalizer.lowercase ?? true,
    strip_accents: normalizer.strip_accents ?? null,
    tokenize_chinese_chars: normalizer.handle_chinese_chars ?? true,
  };
}

/** A vocabulary of WordPiece as `vocab.txt`; undefined for other models, and where a line could not hold a token. */
export function vocabularyFile(json: Uint8Array): TokenizerFiles["vocab.txt"] {
  const { model } = parseJson(json, "tokenizer.json") as {
    model?: { continuing_subword_prefix?: unknown; merges?: unknown; vocab?: Record<string, number> };
  };
  if (typeof model?.continuing_subword_prefix !== "string" || model.merges !== undefined || !model.vocab) {
    return undefined;
  }
  const lines: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) lines[id] = token;
  const whole = Array.from(lines, (token) => token !== undefined && token === token.trimEnd()).every(Boolean);
  return whole ? new TextEncoder().encode(`${lines.join("\n")}\n`) : undefined;
}
