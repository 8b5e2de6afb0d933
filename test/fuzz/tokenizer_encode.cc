/**
 * Any texts and words, with any bounds and options, by tokenizers that are good: the tests' own. An input is
 * two bytes of kinds, maxLength, stride, and strings with their lengths.
 */
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>

#include "core/error.h"
#include "tokenizer_checks.h"

using torchner::EncodeOptions;
using torchner::TextBatch;
using torchner::Tokenizer;

namespace {

std::vector<std::unique_ptr<Tokenizer>> LoadAll() {
  std::vector<std::unique_ptr<Tokenizer>> all;
  for (const char* name : {"uncased.json", "cased.json", "bpe.json", "unigram.json"}) {
    std::ifstream file(std::string(TORCHNER_TOKENIZERS "/") + name, std::ios::binary);
    all.push_back(Tokenizer::FromBlobJSON(std::string(std::istreambuf_iterator<char>(file), {})));
  }
  return all;
}

struct Input {
  EncodeOptions options;
  TextBatch batch;
};

/** A length of 255 ends a sentence. */
TextBatch ReadBatch(std::string_view bytes, bool words) {
  TextBatch batch{.arena = "", .ends = {}, .rows = {}, .words = words};
  while (!bytes.empty()) {
    const size_t length = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    if (length == 255) {
      batch.rows.push_back(batch.ends.size());
      continue;
    }
    batch.arena += bytes.substr(0, length);
    bytes.remove_prefix(std::min(length, bytes.size()));
    batch.ends.push_back(batch.arena.size());
  }
  batch.rows.push_back(batch.ends.size());
  return batch;
}

Input ReadInput(unsigned kinds, std::string_view bytes) {
  Input input;
  input.options.add_special_tokens = (kinds & 4) != 0;
  if (kinds & 8) input.options.max_length = static_cast<unsigned char>(bytes[0]);
  if (kinds & 16) input.options.stride = static_cast<unsigned char>(bytes[1]);
  input.batch = ReadBatch(bytes.substr(2), (kinds & 32) != 0);
  // Bounds that no caller should give.
  if (kinds & 64 && !input.batch.ends.empty()) input.batch.ends.back() += static_cast<uint64_t>(kinds) << 56;
  if (kinds & 128) input.batch.rows.back() += kinds >> 8;
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::unique_ptr<Tokenizer>> tokenizers = LoadAll();
  if (size < 4) return 0;
  const unsigned kinds = static_cast<unsigned>(data[0]) | static_cast<unsigned>(data[1]) << 8;
  const Input input = ReadInput(kinds, {reinterpret_cast<const char*>(data) + 2, size - 2});
  const Tokenizer& tokenizer = *tokenizers[kinds & 3];
  try {
    const torchner::Encodings encodings = tokenizer.EncodeBatch(input.batch, input.options);
    CheckEncodings(encodings, input.batch, input.options);
    const std::vector<uint32_t> ids(encodings.ids.data, encodings.ids.data + encodings.ids.size);
    for (const uint32_t id : ids) Require(tokenizer.IdToToken(id).has_value(), "an id is a token's");
    tokenizer.Decode(ids, (kinds & 256) != 0);
  } catch (const torchner::Error&) {
  }
  return 0;
}
