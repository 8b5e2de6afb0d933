import { setImmediate as nextTurn } from "node:timers/promises";
import { configured, normalizerOptions, parseTokenizerJson, vocabularyFile } from "./bert_normalizer.ts";
import type { SpecialTokens } from "./special_tokens.ts";
import type { BertOptions, TokenizerFiles, TokenizerSettings } from "./tokenizer_files.ts";

/**
 * The files of a saved tokenizer: those it was loaded from, unchanged, and what they lack for Python to build the
 * same tokenizer. `serialize` gives `tokenizer.json` where there was none.
 */
export async function filesToSave(
  files: TokenizerFiles,
  settings: TokenizerSettings,
  tokens: SpecialTokens,
  serialize: () => string,
): Promise<TokenizerFiles> {
  const stored = files["tokenizer.json"] ?? encode(serialize());
  const parsed = parseTokenizerJson(stored);
  // Some milliseconds each for a large vocabulary, so a turn of the event loop lies between.
  await nextTurn();
  const wanted = configured(parsed, settings);
  const vocabulary = files["vocab.txt"] ?? vocabularyFile(wanted);
  return {
    ...files,
    "tokenizer.json": wanted === parsed ? stored : encode(JSON.stringify(wanted)),
    "tokenizer_config.json": completedConfig(files, settings, tokens, normalizerOptions(wanted)),
    "special_tokens_map.json": files["special_tokens_map.json"] ?? encode(pretty(tokens)),
    ...(vocabulary && { "vocab.txt": vocabulary }),
  };
}

/**
 * `tokenizer_config.json` with the keys that decide how Python reads the folder. BERT's options are among them even
 * where `tokenizer.json` has them too, because Python's BERT classes take them from here, lower-casing by default.
 * @param options  BERT's; undefined for another tokenizer.
 */
function completedConfig(
  files: TokenizerFiles,
  settings: TokenizerSettings,
  tokens: SpecialTokens,
  options: Required<BertOptions> | undefined,
): Uint8Array {
  const needed: Record<string, unknown> = {
    ...options,
    ...tokens,
    tokenizer_class: settings.tokenizerClass ?? (options ? "BertTokenizer" : "PreTrainedTokenizerFast"),
  };
  const { config } = settings;
  const missing = Object.keys(needed).filter((key) => config[key] === undefined);
  const given = files["tokenizer_config.json"];
  if (given && missing.length === 0) return given;
  const completed: Record<string, unknown> = { ...config };
  for (const key of missing) completed[key] = needed[key];
  // "No limit" is a number that JSON.stringify would write as 1e+30; without the key Python takes the same.
  if (settings.modelMaxLength === Number.POSITIVE_INFINITY) delete completed.model_max_length;
  return encode(pretty(completed));
}

/** As Python's json.dumps(indent=2, sort_keys=True), so that files of both differ in content only. */
function pretty(value: Record<string, unknown>): string {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(sorted, null, 2)}\n`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
