import { withConfiguredNormalizer } from "../../../lib/tokenization/bert_normalizer.ts";
import { filesToSave } from "../../../lib/tokenization/save_tokenizer.ts";
import type { TokenizerSettings } from "../../../lib/tokenization/tokenizer_files.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);
const read = (bytes?: Uint8Array) => JSON.parse(decode(bytes));

const tokenizerJson = {
  version: "1.0",
  truncation: { max_length: 128 },
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    lowercase: true,
    strip_accents: null,
    handle_chinese_chars: true,
  },
  model: { type: "WordPiece", continuing_subword_prefix: "##", vocab: { "1": 1, "[PAD]": 0, "##a": 2 } },
};

function settings(changes: Partial<TokenizerSettings> = {}): TokenizerSettings {
  return {
    config: {},
    bert: {},
    named: {},
    modelMaxLength: Number.POSITIVE_INFINITY,
    padTokenTypeId: 0,
    addedTokens: new Map(),
    ...changes,
  };
}

const never = () => {
  throw new Error("tokenizer.json was there");
};

describe("files to save", () => {
  test("a complete folder is written back byte for byte, stored truncation included", async () => {
    const config = {
      do_lower_case: true,
      strip_accents: null,
      tokenize_chinese_chars: true,
      pad_token: "[PAD]",
      tokenizer_class: "BertTokenizer",
      model_max_length: 512,
    };
    const files = {
      "tokenizer.json": encode(tokenizerJson),
      "tokenizer_config.json": encode(config),
      "special_tokens_map.json": encode({ pad_token: "[PAD]" }),
      "vocab.txt": encode("as it was"),
    };
    const given = settings({ config, tokenizerClass: "BertTokenizer", modelMaxLength: 512 });
    expect(await filesToSave(files, given, { pad_token: "[PAD]" }, never)).toEqual(files);
  });

  test("from tokenizer.json alone, Python gets BERT's options, names, class and vocabulary", async () => {
    const files = await filesToSave(
      { "tokenizer.json": encode(tokenizerJson) },
      settings(),
      { pad_token: "[PAD]" },
      never,
    );
    expect(read(files["tokenizer_config.json"])).toEqual({
      do_lower_case: true,
      pad_token: "[PAD]",
      strip_accents: null,
      tokenize_chinese_chars: true,
      tokenizer_class: "BertTokenizer",
    });
    expect(read(files["special_tokens_map.json"])).toEqual({ pad_token: "[PAD]" });
    expect(decode(files["vocab.txt"])).toBe("[PAD]\n1\n##a\n");
  });

  test("what the configuration has is kept, and 'no limit' is never written as a rounded number", async () => {
    const config = { pad_token: { content: "[PAD]" }, model_max_length: 1e30, own_key: 1 };
    const files = { "tokenizer.json": encode(tokenizerJson), "tokenizer_config.json": encode(config) };
    const saved = read(
      (await filesToSave(files, settings({ config }), { pad_token: "[PAD]" }, never))[
        "tokenizer_config.json"
      ],
    );
    expect(saved).toMatchObject({ pad_token: { content: "[PAD]" }, own_key: 1, do_lower_case: true });
    expect(saved).not.toHaveProperty("model_max_length");
  });

  test("from vocab.txt alone, tokenizer.json is the serializer's and vocab.txt stays as it was", async () => {
    const vocabulary = encode("anything");
    const files = await filesToSave({ "vocab.txt": vocabulary }, settings(), {}, () =>
      JSON.stringify(tokenizerJson),
    );
    expect(read(files["tokenizer.json"])).toEqual(tokenizerJson);
    expect(files["vocab.txt"]).toBe(vocabulary);
  });

  test("other kinds of tokenizer get no BERT options and no vocab.txt", async () => {
    const bpe = {
      normalizer: null,
      model: { type: "BPE", continuing_subword_prefix: "", merges: [], vocab: { a: 0 } },
    };
    const files = await filesToSave({ "tokenizer.json": encode(bpe) }, settings(), { unk_token: "a" }, never);
    expect(read(files["tokenizer_config.json"])).toEqual({
      tokenizer_class: "PreTrainedTokenizerFast",
      unk_token: "a",
    });
    expect(files).not.toHaveProperty(["vocab.txt"]);
  });

  test("a vocabulary with a gap, or a token that a line cannot hold, is not written as lines", async () => {
    for (const vocab of [
      { a: 0, b: 2 },
      { a: 0, "b\n": 1 },
    ]) {
      const json = { ...tokenizerJson, model: { ...tokenizerJson.model, vocab } };
      expect(await filesToSave({ "tokenizer.json": encode(json) }, settings(), {}, never)).not.toHaveProperty(
        ["vocab.txt"],
      );
    }
  });
});

describe("BERT's options of tokenizer_config.json", () => {
  const json = encode(tokenizerJson);

  test("change nothing where they agree or are not given", () => {
    for (const bert of [{}, { do_lower_case: true }, { strip_accents: null, tokenize_chinese_chars: true }]) {
      expect(withConfiguredNormalizer(json, settings({ bert }))).toBe(json);
    }
  });

  test("win over tokenizer.json's normalizer, as in Python", () => {
    const changed = withConfiguredNormalizer(
      json,
      settings({ bert: { do_lower_case: false, strip_accents: true } }),
    );
    expect(read(changed)).toEqual({
      ...tokenizerJson,
      normalizer: { ...tokenizerJson.normalizer, lowercase: false, strip_accents: true },
    });
  });

  test("do not matter to a class that reads tokenizer.json alone, nor to another normalizer", () => {
    const bert = { do_lower_case: false };
    expect(
      withConfiguredNormalizer(json, settings({ bert, tokenizerClass: "PreTrainedTokenizerFast" })),
    ).toBe(json);
    const other = encode({ ...tokenizerJson, normalizer: { type: "NFC" } });
    expect(withConfiguredNormalizer(other, settings({ bert }))).toBe(other);
  });
});
