/** The fuzz targets: each is TARGET.cc and the sources it drives. */

const json = ["native/io/json_scanner.cc"];
const header = ["native/io/safetensors_header.cc", ...json];
const zip = ["native/io/zip_directory.cc", "native/io/file.cc"];
const pickle = ["native/io/pickle_reader.cc", ...header];
const tokenizer = ["native/tokenizer/tokenizer.cc"];

/**
 * @typedef {object} Target
 * @property {string[]} sources
 * @property {string} dictionary
 * @property {number} longest  input, in bytes
 * @property {true} [crate]  links the Rust crate
 */

/** @type {Record<string, Target>} */
export const targets = {
  json_scanner: { sources: json, dictionary: "json", longest: 1024 },
  safetensors_header: { sources: header, dictionary: "json", longest: 2048 },
  zip_directory: { sources: zip, dictionary: "zip", longest: 4096 },
  pickle_reader: { sources: pickle, dictionary: "pickle", longest: 4096 },
  torch_archive: {
    sources: ["native/io/torch_archive.cc", ...zip, ...pickle],
    dictionary: "pickle",
    longest: 2048,
  },
  tokenizer_load: { sources: tokenizer, dictionary: "tokenizer", longest: 5120, crate: true },
  tokenizer_encode: { sources: tokenizer, dictionary: "tokenizer", longest: 1024, crate: true },
};
