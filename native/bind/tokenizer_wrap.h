#pragma once

#include <napi.h>

#include "bind/handle.h"
#include "tokenizer/tokenizer.h"

namespace torchner {

/**
 * `Tokenizer` of the native contract. Its methods are plain functions on the prototype: they check the
 * receiver's type tag themselves, where node-addon-api's instance methods would unwrap any object given as
 * `this`.
 */
class TokenizerWrap : public Napi::ObjectWrap<TokenizerWrap>, public Handle<Tokenizer> {
 public:
  static constexpr const char* kName = "Tokenizer";
  static constexpr napi_type_tag kTypeTag = {0x51d8c07be3f2496a, 0xb60f7a1d83c94e25};

  static void Register(Napi::Env env, Napi::Object exports);

  explicit TokenizerWrap(const Napi::CallbackInfo& info);
  ~TokenizerWrap() override;

 private:
  static Napi::Value DisposeNow(const Napi::CallbackInfo& info);
  static Napi::Value IsDisposed(const Napi::CallbackInfo& info);
};

/** The class `Tokenizer` and the functions `loadTokenizer` and `loadWordPiece`. */
void RegisterTokenizer(Napi::Env env, Napi::Object exports);

}  // namespace torchner
