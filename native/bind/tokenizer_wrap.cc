#include "bind/tokenizer_wrap.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bind/guard.h"
#include "bind/pool_task.h"
#include "bind/text_batch.h"

namespace torchner {
namespace {

// By value: options may be getters, and a getter may dispose the tokenizer.
std::shared_ptr<Tokenizer> Receiver(const Napi::CallbackInfo& info) {
  return Unwrap<TokenizerWrap>(info.This(), "this").Get("this tokenizer");
}

EncodeOptions ReadOptions(const Napi::Value& given) {
  const auto count = [&](const char* key, int64_t least) -> std::optional<int64_t> {
    const Napi::Value value = Option(given, key);
    if (!Given(value)) return std::nullopt;
    return RequireInteger(value, key, least, std::numeric_limits<int32_t>::max());
  };
  return {.add_special_tokens = BooleanOption(given, "addSpecialTokens", true),
          .max_length = count("maxLength", 1),
          .stride = count("stride", 0)};
}

template <typename Element, typename Array>
void SetCopy(Napi::Object target, const char* key, const char* kind, const Encodings::View<Element>& view) {
  const Napi::Env env = target.Env();
  const Napi::Value array = EnvData::Of(env).Allocate(env, kind, view.size);
  std::copy_n(view.data, view.size, array.As<Array>().Data());
  target.Set(key, array);
}

Napi::Value ToJs(Napi::Env env, const Encodings& encodings) {
  Napi::Object object = Napi::Object::New(env);
  const auto ints = [&](const char* key, const Encodings::View<int32_t>& view) {
    SetCopy<int32_t, Napi::Int32Array>(object, key, "int32", view);
  };
  const auto bytes = [&](const char* key, const Encodings::View<uint8_t>& view) {
    SetCopy<uint8_t, Napi::Uint8Array>(object, key, "uint8", view);
  };
  ints("ids", encodings.ids);
  bytes("typeIds", encodings.type_ids);
  ints("wordIds", encodings.word_ids);
  ints("offsets", encodings.offsets);
  bytes("specialTokensMask", encodings.special_tokens_mask);
  ints("lengths", encodings.lengths);
  ints("sources", encodings.sources);
  ints("truncated", encodings.truncated);
  return object;
}

// encodeWords(inputs: string[][], options?: EncodeOptions): Promise<NativeEncodings>; encodeTexts likewise.
template <TextBatch (*Read)(const Napi::Value&, const std::string&)>
Napi::Value Encode(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<Tokenizer> self = Receiver(info);
    const EncodeOptions options = ReadOptions(info[1]);
    return OnPool(
        info.Env(),
        [self, options, batch = Read(info[0], "inputs")] { return self->EncodeBatch(batch, options); }, ToJs);
  });
}

// decode(ids: Int32Array, skipSpecialTokens?: boolean): string
Napi::Value Decode(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    const std::shared_ptr<Tokenizer> self = Receiver(info);
    std::vector<uint32_t> ids;
    for (const int64_t id : RequireIntegers(info[0], "ids")) {
      if (id < 0) throw Error(ErrorCode::kArgument, "ids: " + std::to_string(id) + " is negative.");
      ids.push_back(static_cast<uint32_t>(id));
    }
    const bool skip = Given(info[1]) && RequireBoolean(info[1], "skipSpecialTokens");
    return Napi::String::New(info.Env(), self->Decode(ids, skip));
  });
}

Napi::Value VocabSize(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(Receiver(info)->GetVocabSize()));
  });
}

Napi::Value IdToToken(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    const std::shared_ptr<Tokenizer> self = Receiver(info);
    const int64_t id = RequireInteger(info[0], "id", 0, std::numeric_limits<uint32_t>::max());
    const std::optional<std::string> token = self->IdToToken(static_cast<uint32_t>(id));
    return token ? Napi::String::New(info.Env(), *token) : info.Env().Undefined();
  });
}

Napi::Value TokenToId(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    const std::shared_ptr<Tokenizer> self = Receiver(info);
    const std::optional<uint32_t> id = self->TokenToId(RequireString(info[0], "token"));
    return id ? Napi::Number::New(info.Env(), *id) : info.Env().Undefined();
  });
}

Napi::Value ToJson(const Napi::CallbackInfo& info) {
  return Guard(info,
               [&]() -> Napi::Value { return Napi::String::New(info.Env(), Receiver(info)->ToJson()); });
}

Napi::Value Wrap(Napi::Env env, std::unique_ptr<Tokenizer>& tokenizer) {
  return Construct(EnvData::Of(env).tokenizer_class, std::shared_ptr<Tokenizer>(std::move(tokenizer)));
}

std::string_view Text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// loadTokenizer(json: Uint8Array): Promise<NativeTokenizer>
Napi::Value LoadTokenizer(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OnPool(
        info.Env(), [json = RequireBytes(info[0], "json")] { return Tokenizer::FromBlobJSON(Text(json)); },
        Wrap);
  });
}

WordPieceOptions ReadWordPieceOptions(const Napi::Value& value) {
  const Napi::Object given = RequireObject(value, "options");
  WordPieceOptions options;
  options.lowercase = RequireBoolean(given.Get("lowercase"), "lowercase");
  if (const Napi::Value strip = given.Get("stripAccents"); Given(strip)) {
    options.strip_accents = RequireBoolean(strip, "stripAccents");
  }
  options.tokenize_chinese_chars = BooleanOption(given, "tokenizeChineseChars", true);
  options.unk_token = StringOption(given, "unkToken");
  options.cls_token = StringOption(given, "clsToken");
  options.sep_token = StringOption(given, "sepToken");
  options.pad_token = StringOption(given, "padToken");
  options.mask_token = StringOption(given, "maskToken");
  return options;
}

// loadWordPiece(vocab: Uint8Array, options): Promise<NativeTokenizer>
Napi::Value LoadWordPiece(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OnPool(
        info.Env(),
        [vocab = RequireBytes(info[0], "vocab"), options = ReadWordPieceOptions(info[1])] {
          return Tokenizer::FromBlobVocab(Text(vocab), options);
        },
        Wrap);
  });
}

template <Napi::Value (*Method)(const Napi::CallbackInfo&)>
Napi::PropertyDescriptor Named(Napi::Env env, const char* name) {
  return Napi::PropertyDescriptor::Value(name, Napi::Function::New<Method>(env, name), napi_default_method);
}

}  // namespace

TokenizerWrap::TokenizerWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TokenizerWrap>(info) {
  Guard(info, [&] {
    native_ = TakeConstructed<TokenizerWrap, Tokenizer>(info);
    // A token lies in two maps, with its text in each.
    constexpr int64_t kBytesPerToken = 256;
    Account(info.Env(), kBytesPerToken * static_cast<int64_t>(native_->GetVocabSize()));
    info.This().As<Napi::Object>().TypeTag(&kTypeTag);
  });
}

TokenizerWrap::~TokenizerWrap() {
  Dispose(Env());
}

Napi::Value TokenizerWrap::DisposeNow(const Napi::CallbackInfo& info) {
  return Guard(info, [&] { torchner::Unwrap<TokenizerWrap>(info.This(), "this").Dispose(info.Env()); });
}

Napi::Value TokenizerWrap::IsDisposed(const Napi::CallbackInfo& info) {
  return Guard(info, [&]() -> Napi::Value {
    return Napi::Boolean::New(info.Env(), torchner::Unwrap<TokenizerWrap>(info.This(), "this").disposed());
  });
}

void TokenizerWrap::Register(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = DefineClass(env, kName, {});
  const Napi::Object prototype = constructor.Get("prototype").As<Napi::Object>();
  prototype.DefineProperties({
      Named<Encode<ReadSentences>>(env, "encodeWords"),
      Named<Encode<ReadTexts>>(env, "encodeTexts"),
      Named<Decode>(env, "decode"),
      Named<VocabSize>(env, "vocabSize"),
      Named<IdToToken>(env, "idToToken"),
      Named<TokenToId>(env, "tokenToId"),
      Named<ToJson>(env, "toJson"),
      Named<DisposeNow>(env, "dispose"),
      Napi::PropertyDescriptor::Accessor<IsDisposed>("disposed"),
  });
  EnvData::Of(env).tokenizer_class = Napi::Persistent(constructor);
  exports.Set(kName, constructor);
}

void RegisterTokenizer(Napi::Env env, Napi::Object exports) {
  TokenizerWrap::Register(env, exports);
  exports.Set("loadTokenizer", Napi::Function::New<LoadTokenizer>(env, "loadTokenizer"));
  exports.Set("loadWordPiece", Napi::Function::New<LoadWordPiece>(env, "loadWordPiece"));
}

}  // namespace torchner
