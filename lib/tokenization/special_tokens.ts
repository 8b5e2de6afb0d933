import { TorchnerError } from "../native/errors.ts";

/** The special tokens that token classification knows, by their keys in Hugging Face's files. */
export const specialTokenKeys = ["unk_token", "cls_token", "sep_token", "pad_token", "mask_token"] as const;
export type SpecialTokenKey = (typeof specialTokenKeys)[number];
export type SpecialTokens = Partial<Record<SpecialTokenKey, string>>;

/** Names tried where no file says one: BERT's, then RoBERTa's. */
const usualNames: Record<SpecialTokenKey, readonly string[]> = {
  unk_token: ["[UNK]", "<unk>"],
  cls_token: ["[CLS]", "<s>"],
  sep_token: ["[SEP]", "</s>"],
  pad_token: ["[PAD]", "<pad>"],
  mask_token: ["[MASK]", "<mask>"],
};

/** The names that a parsed `tokenizer_config.json` or `special_tokens_map.json` gives. */
export function namedTokens(file: Readonly<Record<string, unknown>>): SpecialTokens {
  const named: SpecialTokens = {};
  for (const key of specialTokenKeys) {
    const value = file[key];
    // Either the token itself or an AddedToken written out as an object.
    const content =
      typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof content === "string") named[key] = content;
  }
  return named;
}

/**
 * Each special token with its id. `named` are the names that the files give; the others get their usual names
 * where the vocabulary has them.
 *
 * @throws {TorchnerError} `ECHECKPOINT` for a name that the vocabulary lacks. A missing mask token is no error:
 *   only pretraining needs it.
 */
export function findSpecialTokens(
  named: SpecialTokens,
  tokenToId: (token: string) => number | undefined,
  where: string,
): { tokens: SpecialTokens; ids: Partial<Record<SpecialTokenKey, number>> } {
  const tokens: SpecialTokens = {};
  const ids: Partial<Record<SpecialTokenKey, number>> = {};
  for (const key of specialTokenKeys) {
    const token = named[key] ?? usualNames[key].find((name) => tokenToId(name) !== undefined);
    if (token === undefined) continue;
    const id = tokenToId(token);
    if (id !== undefined) {
      tokens[key] = token;
      ids[key] = id;
    } else if (key !== "mask_token") {
      throw new TorchnerError(
        "ECHECKPOINT",
        `${where}: the ${key} "${token}" is not in the vocabulary; correct its name in tokenizer_config.json.`,
      );
    }
  }
  return { tokens, ids };
}
