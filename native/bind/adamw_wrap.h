#pragma once

#include <napi.h>

#include "bind/handle.h"
#include "optim/adamw.h"

namespace torchner {

/** `AdamW` of the native contract: `new AdamW(model, options)`. */
class AdamWWrap : public Napi::ObjectWrap<AdamWWrap>, public Handle<AdamW> {
 public:
  static constexpr const char* kName = "AdamW";
  static constexpr napi_type_tag kTypeTag = {0xd40b6e1973c25fa8, 0x58e7a3f01b9c6d24};

  static void Register(Napi::Env env, Napi::Object exports);

  explicit AdamWWrap(const Napi::CallbackInfo& info);
  ~AdamWWrap() override;

 private:
  Napi::Value Step(const Napi::CallbackInfo& info);
  Napi::Value ZeroGrad(const Napi::CallbackInfo& info);
  Napi::Value ClipGradNorm(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value DisposeNow(const Napi::CallbackInfo& info);
};

}  // namespace torchner
