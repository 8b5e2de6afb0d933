/** What the fuzzers begin with: small files that are good, written by the writers that the tests use. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformFileSync } from "@swc/core";
import { projectRoot } from "../../third_party/paths.mjs";

export const tokenizers = join(projectRoot, "test", "fixtures", "tokenization");

/** Node 20 does not read TypeScript itself. */
async function importTypescript(/** @type {string} */ path) {
  const { code } = transformFileSync(path, { jsc: { parser: { syntax: "typescript" }, target: "es2022" } });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

const json = {
  nested: '{"a":[1,{"b":"c"},[]],"\\u00e9\\ud83d\\ude00":18446744073709551615,"x":"\\"\\\\\\n"}',
  blanks: ' { "a" : [ 0 , 10 ] } ',
};

/** @typedef {{ dtype?: string, shape?: number[], data_offsets?: number[], format?: string }} Entry */

/** @type {Record<string, Record<string, Entry>>} */
const headers = {
  two: {
    __metadata__: { format: "pt" },
    "classifier.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    "classifier.bias": { dtype: "BF16", shape: [2], data_offsets: [24, 28] },
  },
  empty: {
    none: { dtype: "I64", shape: [0, 9], data_offsets: [0, 0] },
    scalar: { dtype: "U8", shape: [], data_offsets: [0, 1] },
  },
};

function headerInput(/** @type {Record<string, Entry>} */ header) {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(
    BigInt(Math.max(...Object.values(header).map((entry) => entry.data_offsets?.[1] ?? 0))),
  );
  return Buffer.concat([size, Buffer.from(JSON.stringify(header))]);
}

/** The archive with the records of an archive over 4 GB before its end. */
function asZip64(/** @type {Buffer} */ archive) {
  const end = archive.length - 22;
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(BigInt(archive.readUInt32LE(end + 12)), 40);
  record.writeBigUInt64LE(BigInt(archive.readUInt32LE(end + 16)), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(end), 8);
  return Buffer.concat([archive.subarray(0, end), record, locator, archive.subarray(end)]);
}

/** Two tensors that share a storage of 32 bytes, and one with its own of 16. */
async function torchSeeds() {
  const { statePickle, torchFile, wholeTensor } = await importTypescript(
    join(projectRoot, "test", "support", "torch_file.ts"),
  );
  const shared = { storage: new Float32Array(8), key: "0" };
  const tensors = new Map([
    ["a.weight", { ...shared, offset: 0, shape: [2, 3], strides: [1, 2] }],
    ["a.bias", { ...shared, offset: 6, shape: [2], strides: [1] }],
    ["b", wholeTensor(new Float32Array(4), [4], "1")],
  ]);
  const pickle = statePickle(tensors);
  return {
    pickle,
    archive: torchFile(tensors),
    sized: Buffer.concat([Buffer.from([32, 16, 0, 0]), pickle]),
  };
}

/** See tokenizer_encode.cc: kinds, maxLength, stride, then strings behind their lengths. */
function encodeSeeds() {
  const strings = ["Angela", "Merkel", "", "naïve", "東京", "😀", "é", "​", "[SEP]", "a b\n"].map((text) =>
    Buffer.from(text),
  );
  const body = Buffer.concat(strings.flatMap((text) => [Buffer.from([text.length]), text]));
  const whole = Buffer.concat(strings);
  return [0, 1, 2, 3].flatMap((tokenizer) =>
    [0, 4 + 32, 4 + 8 + 16, 8 + 32].map((kinds) =>
      Buffer.concat([
        Buffer.from([tokenizer + kinds, 1, 9, 2]),
        body,
        Buffer.from([255, whole.length]),
        whole,
      ]),
    ),
  );
}

/** Parts that the four fixtures lack, so that the fuzzer need not find their names. */
const otherParts = [
  {
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Replace", pattern: { String: "``" }, content: '"' },
        { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
        ...["NFD", "StripAccents", "Nmt", "NFKC", "Lowercase"].map((type) => ({ type })),
        { type: "Strip", strip_left: true, strip_right: false },
        { type: "Prepend", prepend: "▁" },
      ],
    },
  },
  {
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\p{L}+|\\s" }, behavior: "MergedWithPrevious", invert: true },
        { type: "Digits", individual_digits: true },
        { type: "Punctuation", behavior: "Contiguous" },
        { type: "CharDelimiterSplit", delimiter: "-" },
        ...["UnicodeScripts", "WhitespaceSplit", "Whitespace"].map((type) => ({ type })),
        { type: "FixedLength", length: 3 },
      ],
    },
  },
  {
    post_processor: {
      type: "Sequence",
      processors: [
        { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
        { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] },
      ],
    },
  },
  {
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        ...["ByteFallback", "Fuse"].map((type) => ({ type })),
        { type: "Strip", content: " ", start: 1, stop: 0 },
        { type: "CTC", pad_token: "<pad>", word_delimiter_token: "|", cleanup: true },
        { type: "BPEDecoder", suffix: "</w>" },
      ],
    },
    model: { type: "WordLevel", vocab: { "[UNK]": 0, hello: 1 }, unk_token: "[UNK]" },
  },
];

/** Without blanks and with few tokens: a fuzzer changes one byte as often as another. */
function tokenizerSeeds() {
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(tokenizers, name), "utf8"));
  const bpe = read("bpe.json");
  bpe.model.merges.length = 40;
  const uncased = read("uncased.json");
  const whole = [
    uncased,
    bpe,
    read("unigram.json"),
    ...otherParts.map((parts) => ({ ...uncased, ...parts })),
  ];
  const vocabulary = readFileSync(join(tokenizers, "vocab.txt"));
  return [...whole.map((json) => Buffer.from(JSON.stringify(json))), vocabulary];
}

/** Writes the seeds of each target into a folder of its name under `folder`. */
export async function writeSeeds(/** @type {string} */ folder) {
  const { pickle, archive, sized } = await torchSeeds();
  /** @type {Record<string, Buffer[]>} */
  const seeds = {
    json_scanner: [...Object.values(json), ...Object.values(headers).map((h) => JSON.stringify(h))].map(
      (text) => Buffer.from(text),
    ),
    safetensors_header: Object.values(headers).map(headerInput),
    zip_directory: [archive, asZip64(archive)],
    pickle_reader: [pickle],
    torch_archive: [sized],
    tokenizer_load: tokenizerSeeds(),
    tokenizer_encode: encodeSeeds(),
  };
  for (const [target, inputs] of Object.entries(seeds)) {
    mkdirSync(join(folder, target), { recursive: true });
    for (const [i, input] of inputs.entries()) writeFileSync(join(folder, target, `seed_${i}`), input);
  }
}
