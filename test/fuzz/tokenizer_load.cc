/** Any bytes as tokenizer.json or vocab.txt: what loads also encodes, decodes and is written, or says why
 * not. */
#include <cstdint>

#include "core/error.h"
#include "tokenizer_checks.h"

using torchner::EncodeOptions;
using torchner::TextBatch;
using torchner::Tokenizer;

namespace {

constexpr char kText[] =
    "Angela Merkel, born 1954 \xe2\x80\x94 na\xc3\xafve \xf0\x9f\x98\x80 \xe6\x9d\xb1\xe4\xba\xac <s>[MASK] "
    "a  b\n";

TextBatch Texts() {
  const std::string text = kText;
  return {.arena = text + text, .ends = {0, text.size(), 2 * text.size()}, .rows = {}, .words = false};
}

TextBatch Words() {
  TextBatch batch{.arena = "", .ends = {}, .rows = {}, .words = true};
  for (const char* word : {"Hello", "", "worlds", "\xe2\x80\x8b", "e\xcc\x81t\xc3\xa9", "\xf0\x9f\x98\x80"}) {
    batch.arena += word;
    batch.ends.push_back(batch.arena.size());
  }
  batch.rows = {4, 4, batch.ends.size()};
  return batch;
}

template <typename Body>
void RefusalsAllowed(const Body& body) {
  try {
    body();
  } catch (const torchner::Error&) {
  }
}

void Encode(const Tokenizer& tokenizer, const TextBatch& batch, const EncodeOptions& options) {
  RefusalsAllowed([&] {
    const torchner::Encodings encodings = tokenizer.EncodeBatch(batch, options);
    CheckEncodings(encodings, batch, options);
    tokenizer.Decode({encodings.ids.data, encodings.ids.data + encodings.ids.size}, true);
  });
}

void Use(const Tokenizer& tokenizer) {
  Encode(tokenizer, Texts(), {});
  Encode(tokenizer, Texts(), {.add_special_tokens = false, .max_length = 3, .stride = {}});
  Encode(tokenizer, Words(), {.add_special_tokens = true, .max_length = 8, .stride = 1});
  Require(tokenizer.GetVocabSize() > 0, "a tokenizer has tokens");
  tokenizer.IdToToken(0);
  tokenizer.TokenToId("[CLS]");
  RefusalsAllowed([&] { Tokenizer::FromBlobJSON(tokenizer.ToJson()); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  RefusalsAllowed([&] { Use(*Tokenizer::FromBlobJSON(file)); });
  RefusalsAllowed([&] { Use(*Tokenizer::FromBlobVocab(file, {.lowercase = size % 2 == 0})); });
  return 0;
}
