import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileDurably } from "../files/durable.ts";
import { resolveModel } from "../hub/resolve.ts";
import { checkOptions, checkText, kindOf, shown } from "../messages/checks.ts";
import { TorchnerError } from "../native/errors.ts";
import { native } from "../native/load.ts";
import type { EncodeOptions, NativeTokenizer } from "../native/types.ts";
import { withConfiguredNormalizer } from "./bert_normalizer.ts";
import { type Encoding, splitEncodings } from "./encoding.ts";
import { filesToSave } from "./save_tokenizer.ts";
import { findSpecialTokens, type SpecialTokenKey } from "./special_tokens.ts";
import {
  readTokenizerFiles,
  readTokenizerSettings,
  type TokenizerFiles,
  type TokenizerSettings,
} from "./tokenizer_files.ts";

export type { EncodeOptions } from "../native/types.ts";

/** Opens the tokenizer of a checkpoint, as Python's class of the same name. */
export const AutoTokenizer = {
  /**
   * @param source  A checkpoint: a folder, or any other source that `resolveModel` knows. Its `tokenizer.json` is
   *   read, or else BERT's tokenizer is made from `vocab.txt` and `tokenizer_config.json` (lower-casing unless
   *   `do_lower_case` is false, as in Python). Truncation and padding stored in `tokenizer.json` are ignored.
   * @throws {TorchnerError} `ECHECKPOINT` for files that are missing or cannot be used, `EIO` for unreadable ones.
   */
  async fromPretrained(source: string): Promise<Tokenizer> {
    // A tokenizer may be saved by itself: a folder need not hold the config.json that `resolveModel` asks for.
    const folder = holdsTokenizer(source) ? source : await resolveModel(source, { weights: false });
    const files = await readTokenizerFiles(folder);
    const settings = await readTokenizerSettings(folder, files);
    const handle = await named(folder, () => loadNative(files, settings));
    try {
      return new Tokenizer(handle, folder, files, settings);
    } catch (error) {
      handle.dispose();
      throw error;
    }
  },
};

/** Turns words or texts into pieces, and back. Holds native memory until `dispose()` or the collector. */
export class Tokenizer {
  /** Longest sequence the model was made for, special tokens included; Infinity where the files do not say. */
  readonly modelMaxLength: number;
  readonly padTokenId: number | undefined;
  readonly clsTokenId: number | undefined;
  readonly sepTokenId: number | undefined;
  readonly unkTokenId: number | undefined;
  readonly maskTokenId: number | undefined;
  /** Token type of padding. */
  readonly padTokenTypeId: number;
  /** Number of tokens, added ones included. */
  readonly vocabSize: number;

  readonly #native: NativeTokenizer;
  readonly #files: TokenizerFiles;
  readonly #settings: TokenizerSettings;
  /** See `filesToSave`; a run saves the same with every checkpoint. */
  #saved?: Promise<TokenizerFiles>;
  readonly #specials: ReturnType<typeof findSpecialTokens>;
  /** By token id, as far as they were asked for. */
  readonly #continuations = new Map<number, boolean>();
  #continuingPrefix?: string;

  constructor(handle: NativeTokenizer, folder: string, files: TokenizerFiles, settings: TokenizerSettings) {
    if (typeof handle?.tokenToId !== "function" || typeof settings !== "object") {
      throw new TorchnerError("EARG", "Tokenizer has no public constructor; use AutoTokenizer.");
    }
    this.#native = handle;
    this.#files = files;
    this.#settings = settings;
    this.#specials = findSpecialTokens(settings.named, (token) => handle.tokenToId(token), folder);
    requireAddedTokens(handle, folder, settings);
    const id = (key: SpecialTokenKey) => this.#specials.ids[key];
    this.modelMaxLength = settings.modelMaxLength;
    this.padTokenId = id("pad_token");
    this.clsTokenId = id("cls_token");
    this.sepTokenId = id("sep_token");
    this.unkTokenId = id("unk_token");
    this.maskTokenId = id("mask_token");
    this.padTokenTypeId = settings.padTokenTypeId;
    this.vocabSize = handle.vocabSize();
  }

  /**
   * Encodes sentences already split into words (Python's `is_split_into_words`). A word may have no pieces at all,
   * such as a lone U+200B. Runs in native threads, off the event loop.
   *
   * @param options.maxLength  Pieces of a sequence at most, special tokens included; absent or Infinity: any number.
   * @param options.stride  With it a longer sentence becomes windows that share this many pieces; without it the
   *   rest is cut off and counted in `truncated`.
   * @returns Sequences in the order of the inputs, the windows of one input together.
   * @throws {TorchnerError} `EARG` where an argument has the wrong type, or leaves no room for text.
   */
  async encodeWords(sentences: readonly (readonly string[])[], options?: EncodeOptions): Promise<Encoding[]> {
    return splitEncodings(await this.#native.encodeWords(sentences, checkedOptions(options)));
  }

  /** Encodes whole texts; offsets point into the text. Lone surrogates count as U+FFFD. See `encodeWords`. */
  async encodeTexts(texts: readonly string[], options?: EncodeOptions): Promise<Encoding[]> {
    return splitEncodings(await this.#native.encodeTexts(texts, checkedOptions(options)));
  }

  /**
   * 1 for each piece that goes on with the word of the piece before it: WordPiece's `##`. A tokenizer without such a
   * sign is asked for its words.
   */
  continuationMask(encoding: Pick<Encoding, "ids" | "wordIds">): Uint8Array {
    const { ids, wordIds } = encoding ?? {};
    if (![ids, wordIds].every((array) => ArrayBuffer.isView(array) && "length" in array)) {
      throw new TorchnerError("EARG", `an encoding is ${kindOf(encoding)}; give one of this tokenizer.`);
    }
    this.#continuingPrefix ??= continuingPrefix(this.#files);
    if (this.#continuingPrefix === "") {
      return Uint8Array.from(wordIds, (word, i) => Number(word >= 0 && word === wordIds[i - 1]));
    }
    return Uint8Array.from(ids, (id) => Number(this.#isContinuation(id)));
  }

  #isContinuation(id: number): boolean {
    let found = this.#continuations.get(id);
    if (found === undefined) {
      found = this.#native.idToToken(id)?.startsWith(this.#continuingPrefix!) ?? false;
      this.#continuations.set(id, found);
    }
    return found;
  }

  /** Text of the ids; ids that no token has are left out, as in Python. */
  decode(ids: ArrayLike<number>, options: { skipSpecialTokens?: boolean } = {}): string {
    checkOptions("decode", options, ["skipSpecialTokens"]);
    return this.#native.decode(checkedIds(ids), options.skipSpecialTokens ?? false);
  }

  /** @throws {TorchnerError} `EARG` for an id that no token has. */
  convertIdsToTokens(ids: ArrayLike<number>): string[] {
    return Array.from(checkedIds(ids), (id, i) => {
      const token = this.#native.idToToken(id);
      if (token === undefined) {
        throw new TorchnerError(
          "EARG",
          `ids[${i}]: no token has the id ${id}; the vocabulary has ${this.vocabSize}.`,
        );
      }
      return token;
    });
  }

  /** Ids of tokens; the unknown token's id for those that are not in the vocabulary, as in Python. */
  convertTokensToIds(tokens: readonly string[]): number[] {
    if (!Array.isArray(tokens)) {
      throw new TorchnerError("EARG", `tokens is ${kindOf(tokens)}; give an array of tokens.`);
    }
    return tokens.map((token, i) => {
      const id = this.#native.tokenToId(token) ?? this.unkTokenId;
      if (id === undefined) {
        throw new TorchnerError(
          "EARG",
          `tokens[${i}]: "${token}" is unknown, and there is no unknown token.`,
        );
      }
      return id;
    });
  }

  /**
   * Writes the tokenizer's files into a folder, which is made where it is missing: those it was loaded from as they
   * were, and what Python needs besides, so that `AutoTokenizer.from_pretrained` gives the same ids there.
   *
   * @throws {TorchnerError} `EIO` naming the file.
   */
  async savePretrained(folder: string): Promise<void> {
    checkText("folder", folder);
    this.#saved ??= filesToSave(this.#files, this.#settings, this.#specials.tokens, () =>
      this.#native.toJson(),
    );
    for (const [name, bytes] of Object.entries(await this.#saved))
      await writeFileDurably(join(folder, name), bytes);
  }

  /** Frees the native tokenizer now; every other call throws `ESTATE` afterwards. A second call does nothing. */
  dispose(): void {
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Empty where the tokenizer's model has none. */
function continuingPrefix(files: TokenizerFiles): string {
  const json = files["tokenizer.json"];
  if (!json) return "##";
  const { model } = JSON.parse(Buffer.from(json).toString("utf8")) as {
    model?: { continuing_subword_prefix?: string | null };
  };
  return model?.continuing_subword_prefix ?? "";
}

function holdsTokenizer(source: string): boolean {
  checkText("source", source);
  return ["tokenizer.json", "vocab.txt"].some((name) => existsSync(join(source, name)));
}

async function loadNative(files: TokenizerFiles, settings: TokenizerSettings): Promise<NativeTokenizer> {
  const json = files["tokenizer.json"];
  if (json) return native().loadTokenizer(withConfiguredNormalizer(json, settings));
  const { bert, named: names } = settings;
  return native().loadWordPiece(files["vocab.txt"]!, {
    lowercase: bert.do_lower_case ?? true,
    stripAccents: bert.strip_accents ?? undefined,
    tokenizeChineseChars: bert.tokenize_chinese_chars,
    unkToken: names.unk_token,
    clsToken: names.cls_token,
    sepToken: names.sep_token,
    padToken: names.pad_token,
    maskToken: names.mask_token,
  });
}

/** Puts the folder before messages that name a file of it. */
async function named<T>(folder: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof TorchnerError) || cause.code !== "ECHECKPOINT") throw cause;
    throw new TorchnerError(cause.code, `${folder}: ${cause.message}`, { cause });
  }
}

/** Python appends added tokens that the tokenizer lacks; here their ids must be there, or they would be wrong. */
function requireAddedTokens(handle: NativeTokenizer, folder: string, settings: TokenizerSettings): void {
  for (const [id, token] of settings.addedTokens) {
    if (handle.tokenToId(token) === id) continue;
    throw new TorchnerError(
      "ECHECKPOINT",
      `${folder}: the added token "${token}" should have the id ${id}, but the tokenizer's own file has ` +
        `${handle.tokenToId(token) ?? "no such token"}; save the tokenizer again with Python's save_pretrained.`,
    );
  }
}

function checkedOptions(options: EncodeOptions = {}): EncodeOptions {
  checkOptions("encoding", options, ["addSpecialTokens", "maxLength", "stride"]);
  return options.maxLength === Number.POSITIVE_INFINITY ? { ...options, maxLength: undefined } : options;
}

function checkedIds(ids: ArrayLike<number>): Int32Array {
  if (typeof ids !== "object" || !Number.isSafeInteger(ids?.length)) {
    throw new TorchnerError("EARG", `ids is ${kindOf(ids)}; give an array of token ids.`);
  }
  const checked = new Int32Array(ids.length);
  for (let i = 0; i < checked.length; i++) {
    const id: unknown = ids[i];
    checked[i] = typeof id === "number" ? id : 0;
    if (checked[i] !== id) throw new TorchnerError("EARG", `ids[${i}]: ${shown(id)} is not a token id.`);
  }
  return checked;
}
