#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "require.h"
#include "tokenizer/tokenizer.h"

/** UTF-16 units of a text in UTF-8. */
inline int64_t Utf16Length(std::string_view text) {
  int64_t units = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    units += byte >= 0xf0 ? 2 : byte >> 6 != 2 ? 1 : 0;
  }
  return units;
}

/** The strings of one input, of which a text is the only one. */
inline std::vector<std::string_view> StringsOf(const torchner::TextBatch& batch, size_t input) {
  const size_t first = !batch.words ? input : input == 0 ? 0 : batch.rows[input - 1];
  const size_t last = batch.words ? batch.rows[input] : input + 1;
  std::vector<std::string_view> strings;
  for (size_t i = first; i < last; ++i) {
    const size_t begin = i == 0 ? 0 : batch.ends[i - 1];
    strings.push_back(std::string_view(batch.arena).substr(begin, batch.ends[i] - begin));
  }
  return strings;
}

inline void CheckPiece(const torchner::Encodings& encodings, size_t piece,
                       const std::vector<std::string_view>& strings, bool words) {
  const int32_t word = encodings.word_ids.data[piece];
  Require(encodings.ids.data[piece] >= 0, "an id is no negative number");
  Require(word >= -1, "a piece belongs to a word or to none");
  Require(!words || word < static_cast<int64_t>(strings.size()), "a word is one of the sentence's");
  const int32_t start = encodings.offsets.data[2 * piece];
  const int32_t end = encodings.offsets.data[2 * piece + 1];
  const size_t string = words && word >= 0 ? static_cast<size_t>(word) : 0;
  const int64_t length = strings.empty() ? 0 : Utf16Length(strings[string]);
  Require(start >= 0 && start <= end && end <= length, "a piece lies in its text");
  const bool special = encodings.special_tokens_mask.data[piece] != 0;
  Require(!special || (word == -1 && start == 0 && end == 0), "a special token is no part of the text");
}

/** What every encoding promises, whoever's tokenizer it was. */
inline void CheckEncodings(const torchner::Encodings& encodings, const torchner::TextBatch& batch,
                           const torchner::EncodeOptions& options) {
  const size_t inputs = batch.words ? batch.rows.size() : batch.ends.size();
  size_t piece = 0;
  int64_t last = -1;
  for (size_t i = 0; i < encodings.lengths.size; ++i) {
    const int64_t source = encodings.sources.data[i];
    Require(source == last || source == last + 1, "sequences come in the order of the inputs");
    Require(source < static_cast<int64_t>(inputs), "a sequence has an input");
    last = source;
    const int64_t length = encodings.lengths.data[i];
    Require(length >= 0 && encodings.truncated.data[i] >= 0, "lengths are no negative numbers");
    Require(!options.max_length || length <= *options.max_length, "a sequence is no longer than maxLength");
    const std::vector<std::string_view> strings = StringsOf(batch, static_cast<size_t>(source));
    for (int64_t k = 0; k < length; ++k) CheckPiece(encodings, piece++, strings, batch.words);
  }
  Require(last + 1 == static_cast<int64_t>(inputs), "every input has a sequence");
  Require(piece == encodings.ids.size, "every piece has a sequence");
}
