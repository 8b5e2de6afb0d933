import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTokenizerFiles, readTokenizerSettings } from "../../../lib/tokenization/tokenizer_files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "torchner-tokenizer-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function settingsOf(files: Record<string, unknown>) {
  writeFileSync(join(folder, "vocab.txt"), "[PAD]\n");
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return readTokenizerSettings(folder, await readTokenizerFiles(folder));
}

test("a folder without tokenizer files is refused with the remedy", async () => {
  await expect(readTokenizerFiles(folder)).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(/no tokenizer\.json and no vocab\.txt.*save_pretrained/),
  });
});

test("a file that cannot be read is EIO and named", async () => {
  writeFileSync(join(folder, "vocab.txt"), "[PAD]\n");
  // A folder in the file's place cannot be read by anyone, root included.
  mkdirSync(join(folder, "tokenizer.json"));
  await expect(readTokenizerFiles(folder)).rejects.toMatchObject({
    code: "EIO",
    message: expect.stringMatching(/tokenizer\.json/),
  });
});

test.each([
  [{ model_max_length: 512 }, 512],
  [{ max_len: 128 }, 128],
  [{ model_max_length: 1e30 }, Number.POSITIVE_INFINITY],
  [{}, Number.POSITIVE_INFINITY],
])("the longest sequence of %j is %d", async (config, expected) => {
  expect((await settingsOf({ "tokenizer_config.json": config })).modelMaxLength).toBe(expected);
});

test.each([
  [{ model_max_length: 1e30 }, 512],
  [{ model_max_length: 2048 }, 512],
  [{ model_max_length: 128 }, 128],
])("a model of 512 positions limits %j to %d", async (config, expected) => {
  const files = { "tokenizer_config.json": config, "config.json": { max_position_embeddings: 512 } };
  expect((await settingsOf(files)).modelMaxLength).toBe(expected);
});

test.each([
  [{ model_max_length: -1 }, /model_max_length must be a positive number, not -1/],
  [{ do_lower_case: "no" }, /do_lower_case must be true or false, not "no"/],
  [{ strip_accents: 1 }, /strip_accents/],
  [{ pad_token_type_id: 0.5 }, /pad_token_type_id/],
  ["[1]", /tokenizer_config\.json: must hold a JSON object/],
  ["{", /tokenizer_config\.json: not valid JSON/],
])("the configuration %j is refused by name", async (config, message) => {
  await expect(settingsOf({ "tokenizer_config.json": config })).rejects.toMatchObject({
    code: "ECHECKPOINT",
    message: expect.stringMatching(message),
  });
});

test("tokenizer_config.json names special tokens before special_tokens_map.json", async () => {
  const { named } = await settingsOf({
    "tokenizer_config.json": { pad_token: "<a>" },
    "special_tokens_map.json": { pad_token: "<b>", sep_token: { content: "<c>" } },
  });
  expect(named).toEqual({ pad_token: "<a>", sep_token: "<c>" });
});

test.each([
  ["bert", "BertTokenizer"],
  ["distilbert", "DistilBertTokenizer"],
  ["roberta", undefined],
])("without a tokenizer class, a %s model's is %s", async (modelType, expected) => {
  expect((await settingsOf({ "config.json": { model_type: modelType } })).tokenizerClass).toBe(expected);
});

test("added tokens are gathered from both files that may list them", async () => {
  const { addedTokens } = await settingsOf({
    "tokenizer_config.json": { added_tokens_decoder: { "7": { content: "<x>" } } },
    "added_tokens.json": { "<y>": 8 },
  });
  expect([...addedTokens]).toEqual([
    [8, "<y>"],
    [7, "<x>"],
  ]);
});
