#pragma once

#include <napi.h>

#include <string>

#include "tokenizer/tokenizer.h"

namespace torchner {

/** `string[]`, each a text. Lone surrogates become U+FFFD, which is one UTF-16 unit too: offsets stay right.
 */
TextBatch ReadTexts(const Napi::Value& value, const std::string& name);

/** `string[][]`, each a sentence of words. */
TextBatch ReadSentences(const Napi::Value& value, const std::string& name);

}  // namespace torchner
