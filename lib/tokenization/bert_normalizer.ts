import type { BertOptions, TokenizerFiles, TokenizerSettings } from "./tokenizer_files.ts";
import { parseJson } from "./tokenizer_files.ts";

/** The parts of a `tokenizer.json` that this file reads. */
export interface TokenizerJson {
  normalizer?: {
    type?: string;
    lowercase?: boolean;
    strip_accents?: boolean | null;
    handle_chinese_chars?: boolean;
  } | null;
  model?: { continuing_subword_prefix?: unknown; merges?: unknown; vocab?: Record<string, number> };
}

/** Classes that Python opens from `tokenizer.json` alone, without looking at BERT's options. */
const plainClasses = new Set(["PreTrainedTokenizerFast", "TokenizersBackend"]);

/** @throws {TorchnerError} `ECHECKPOINT` where the bytes are no JSON object. */
export function parseTokenizerJson(json: Uint8Array): TokenizerJson {
  return parseJson(json, "tokenizer.json");
}

/** `tokenizer.json` for `loadTokenizer`: see `configured`. The bytes themselves where nothing differs. */
export function withConfiguredNormalizer(json: Uint8Array, settings: TokenizerSettings): Uint8Array {
  if (!configures(settings)) return json; // most folders: nothing to parse
  const parsed = parseTokenizerJson(json);
  const wanted = configured(parsed, settings);
  return wanted === parsed ? json : new TextEncoder().encode(JSON.stringify(wanted));
}

/**
 * `tokenizer.json` with the options of `tokenizer_config.json` where the two differ: Python builds BERT's
 * normalizer from the latter, so they win. `parsed` itself where nothing differs.
 */
export function configured(parsed: TokenizerJson, settings: TokenizerSettings): TokenizerJson {
  const { bert } = settings;
  const stored = parsed.normalizer;
  if (!configures(settings) || stored?.type !== "BertNormalizer") return parsed;
  const normalizer = {
    ...stored,
    lowercase: bert.do_lower_case ?? stored.lowercase,
    strip_accents: bert.strip_accents === undefined ? stored.strip_accents : bert.strip_accents,
    handle_chinese_chars: bert.tokenize_chinese_chars ?? stored.handle_chinese_chars,
  };
  const same =
    normalizer.lowercase === stored.lowercase &&
    (normalizer.strip_accents ?? null) === (stored.strip_accents ?? null) &&
    normalizer.handle_chinese_chars === stored.handle_chinese_chars;
  return same ? parsed : { ...parsed, normalizer };
}

function configures({ bert, tokenizerClass }: TokenizerSettings): boolean {
  return Object.keys(bert).length > 0 && !plainClasses.has(tokenizerClass ?? "");
}

/** The options a tokenizer works with, from its `tokenizer.json`; undefined where it is not BERT's. */
export function normalizerOptions({ normalizer }: TokenizerJson): Required<BertOptions> | undefined {
  if (normalizer?.type !== "BertNormalizer") return undefined;
  return {
    do_lower_case: normalizer.lowercase ?? true,
    strip_accents: normalizer.strip_accents ?? null,
    tokenize_chinese_chars: normalizer.handle_chinese_chars ?? true,
  };
}

/** A vocabulary of WordPiece as `vocab.txt`; undefined for other models, and where a line could not hold a token. */
export function vocabularyFile({ model }: TokenizerJson): TokenizerFiles["vocab.txt"] {
  if (typeof model?.continuing_subword_prefix !== "string" || model.merges !== undefined || !model.vocab) {
    return undefined;
  }
  const lines: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) lines[id] = token;
  const whole = Array.from(lines, (token) => token !== undefined && token === token.trimEnd()).every(Boolean);
  return whole ? new TextEncoder().encode(`${lines.join("\n")}\n`) : undefined;
}
