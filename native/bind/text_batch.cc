#include "bind/text_batch.h"

#include "bind/arguments.h"

namespace torchner {
namespace {

/** Appends a JavaScript string to the arena without a string of its own: a corpus has 200,000 words. */
void AppendString(const Napi::Value& value, const std::string& list, uint32_t index, TextBatch& batch) {
  if (!value.IsString()) ThrowArgument(list + "[" + std::to_string(index) + "]", "a string", value);
  // Most words are short: one call that writes them, and a second only for what did not fit.
  constexpr size_t kUsual = 64;
  const size_t start = batch.arena.size();
  batch.arena.resize(start + kUsual);
  size_t written = 0;
  napi_get_value_string_utf8(value.Env(), value, batch.arena.data() + start, kUsual, &written);
  // A longer string is cut at a whole character, up to three bytes and the terminator before the end.
  if (written + 4 >= kUsual) {
    size_t length = 0;
    napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &length);
    batch.arena.resize(start + length + 1);
    napi_get_value_string_utf8(value.Env(), value, batch.arena.data() + start, length + 1, &written);
  }
  batch.arena.resize(start + written);
  batch.ends.push_back(batch.arena.size());
}

void AppendStrings(const Napi::Array& strings, const std::string& name, TextBatch& batch) {
  const uint32_t count = strings.Length();
  for (uint32_t i = 0; i < count; ++i) AppendString(strings.Get(i), name, i, batch);
}

}  // namespace

TextBatch ReadTexts(const Napi::Value& value, const std::string& name) {
  TextBatch batch;
  AppendStrings(RequireArray(value, name), name, batch);
  return batch;
}

TextBatch ReadSentences(const Napi::Value& value, const std::string& name) {
  TextBatch batch;
  batch.words = true;
  const Napi::Array sentences = RequireArray(value, name);
  const uint32_t count = sentences.Length();
  for (uint32_t i = 0; i < count; ++i) {
    // Handles of a large batch would otherwise live until the call returns.
    const Napi::HandleScope scope(value.Env());
    const std::string element = name + "[" + std::to_string(i) + "]";
    AppendStrings(RequireArray(sentences.Get(i), element), element, batch);
    batch.rows.push_back(batch.ends.size());
  }
  return batch;
}

}  // namespace torchner
