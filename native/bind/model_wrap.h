#pragma once

#include <napi.h>

#include "bind/handle.h"
#include "nn/token_classifier.h"

namespace torchner {

/** `Model` of the native contract, and the function `loadModel` that makes one. */
class ModelWrap : public Napi::ObjectWrap<ModelWrap>, public Handle<TokenClassifier> {
 public:
  static constexpr const char* kName = "Model";
  static constexpr napi_type_tag kTypeTag = {0x3c91f5ae27d84b60, 0x9f08d2c4617e5ba3};

  static void Register(Napi::Env env, Napi::Object exports);

  explicit ModelWrap(const Napi::CallbackInfo& info);
  ~ModelWrap() override;

 private:
  Napi::Value Forward(const Napi::CallbackInfo& info);
  Napi::Value ParameterNames(const Napi::CallbackInfo& info);
  Napi::Value ParameterValue(const Napi::CallbackInfo& info);
  Napi::Value Gradient(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  Napi::Value LoadWeights(const Napi::CallbackInfo& info);
  Napi::Value PackForInference(const Napi::CallbackInfo& info);
  Napi::Value ParameterCount(const Napi::CallbackInfo& info);
  Napi::Value DisposeNow(const Napi::CallbackInfo& info);

  template <typename Read>
  Napi::Value CopyOfParameter(const Napi::CallbackInfo& info, Read read);
};

}  // namespace torchner
