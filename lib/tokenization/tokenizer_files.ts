import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TorchnerError } from "../native/errors.ts";
import { namedTokens, type SpecialTokens } from "./special_tokens.ts";

/** Files of a checkpoint that belong to its tokenizer, as bytes; `savePretrained` writes them as they were. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.txt",
] as const;
export type TokenizerFiles = Partial<Record<(typeof tokenizerFileNames)[number], Uint8Array>>;

/** What Hugging Face writes for "no limit" is about 1e30; anything of that size means the same. */
const noLimit = 1e20;

/** BERT's normalizer options under their names in `tokenizer_config.json`; absent = not given. */
export interface BertOptions {
  do_lower_case?: boolean;
  /** null = as do_lower_case. */
  strip_accents?: boolean | null;
  tokenize_chinese_chars?: boolean;
}

/** What the folder's small files say about its tokenizer. */
export interface TokenizerSettings {
  /** The parsed `tokenizer_config.json`; empty where there is none. */
  config: Record<string, unknown>;
  bert: BertOptions;
  named: SpecialTokens;
  /** The smaller of the tokenizer's own limit and the model's positions, where config.json is there. */
  modelMaxLength: number;
  padTokenTypeId: number;
  /** Python class that opens the tokenizer: as the folder says, else by `model_type` of its config.json. */
  tokenizerClass?: string;
  /** Tokens that the configuration lists with their ids. */
  addedTokens: Map<number, string>;
}

/**
 * The tokenizer's files of a checkpoint folder.
 *
 * @throws {TorchnerError} `ECHECKPOINT` where there is neither `tokenizer.json` nor `vocab.txt`, `EIO` where a file
 *   cannot be read.
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const files: TokenizerFiles = {};
  for (const name of tokenizerFileNames) {
    const bytes = await readIfThere(join(folder, name));
    if (bytes) files[name] = bytes;
  }
  if (!files["tokenizer.json"] && !files["vocab.txt"]) {
    throw new TorchnerError(
      "ECHECKPOINT",
      `${folder}: no tokenizer.json and no vocab.txt; the tokenizer's files belong beside config.json ` +
        "(in Python: tokenizer.save_pretrained(folder)).",
    );
  }
  return files;
}

/** @throws {TorchnerError} `ECHECKPOINT` naming the file and the key that cannot be used. */
export async function readTokenizerSettings(
  folder: string,
  files: TokenizerFiles,
): Promise<TokenizerSettings> {
  const config = parseJson(files["tokenizer_config.json"], join(folder, "tokenizer_config.json"));
  const tokensMap = parseJson(files["special_tokens_map.json"], join(folder, "special_tokens_map.json"));
  const where = join(folder, "tokenizer_config.json");
  const wrong = (key: string, expected: string) =>
    new TorchnerError(
      "ECHECKPOINT",
      `${where}: ${key} must be ${expected}, not ${JSON.stringify(config[key])}.`,
    );

  const bert: BertOptions = {};
  for (const key of ["do_lower_case", "tokenize_chinese_chars"] as const) {
    const value = config[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "boolean") throw wrong(key, "true or false");
    bert[key] = value;
  }
  const strip = config.strip_accents;
  if (strip !== undefined) {
    if (strip !== null && typeof strip !== "boolean") throw wrong("strip_accents", "true, false or null");
    bert.strip_accents = strip;
  }

  // `max_len` is what files from before 2020 call it.
  const lengthKey = config.model_max_length === undefined ? "max_len" : "model_max_length";
  const length = config[lengthKey] ?? noLimit;
  if (typeof length !== "number" || !(length >= 1)) throw wrong(lengthKey, "a positive number");
  const modelPath = join(folder, "config.json");
  const model = parseJson(await readIfThere(modelPath), modelPath);
  const { max_position_embeddings: positions } = model;
  const longest = Math.min(length, typeof positions === "number" ? positions : noLimit);
  const padTypeId = config.pad_token_type_id ?? 0;
  if (typeof padTypeId !== "number" || !Number.isInteger(padTypeId) || padTypeId < 0) {
    throw wrong("pad_token_type_id", "a whole number from 0");
  }

  return {
    config,
    bert,
    named: { ...namedTokens(tokensMap), ...namedTokens(config) },
    modelMaxLength: longest >= noLimit ? Number.POSITIVE_INFINITY : Math.floor(longest),
    padTokenTypeId: padTypeId,
    tokenizerClass: typeof config.tokenizer_class === "string" ? config.tokenizer_class : classByModel(model),
    addedTokens: addedTokens(
      config,
      parseJson(files["added_tokens.json"], join(folder, "added_tokens.json")),
    ),
  };
}

/** The class that Python's AutoTokenizer would take from config.json; undefined for other kinds of model. */
function classByModel({ model_type: type }: Record<string, unknown>): string | undefined {
  if (type === "bert") return "BertTokenizer";
  return type === "distilbert" ? "DistilBertTokenizer" : undefined;
}

function addedTokens(config: Record<string, unknown>, file: Record<string, unknown>): Map<number, string> {
  const tokens = new Map<number, string>();
  for (const [content, id] of Object.entries(file)) if (typeof id === "number") tokens.set(id, content);
  for (const [id, entry] of Object.entries(config.added_tokens_decoder ?? {})) {
    const content = (entry as { content?: unknown } | null)?.content;
    if (typeof content === "string") tokens.set(Number(id), content);
  }
  return tokens;
}

/** A JSON object from bytes; empty where there are none. */
export function parseJson(bytes: Uint8Array | undefined, path: string): Record<string, unknown> {
  if (!bytes) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TorchnerError("ECHECKPOINT", `${path}: not valid JSON (${(cause as Error).message}).`, {
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TorchnerError("ECHECKPOINT", `${path}: must hold a JSON object.`);
  }
  return value as Record<string, unknown>;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new TorchnerError("EIO", `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
