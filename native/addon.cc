// Registration only: every export of lib/native/types.ts, in one place.

#include <napi.h>

#include "bind/adamw_wrap.h"
#include "bind/guard.h"
#include "bind/handle.h"
#include "bind/model_wrap.h"
#include "bind/runtime.h"
#include "bind/tensor_wrap.h"
#include "bind/tokenizer_wrap.h"

namespace {

Napi::Value Init(const Napi::CallbackInfo& info) {
  using namespace torchner;
  return Guard(info, [&] {
    EnvData& data = EnvData::Of(info.Env());
    const Napi::Object hooks = RequireObject(info[0], "hooks");
    const Napi::Value dispose_symbol = hooks.Get("disposeSymbol");
    if (!dispose_symbol.IsSymbol()) ThrowArgument("hooks.disposeSymbol", "a symbol", dispose_symbol);
    data.SetHooks(hooks);
    const Napi::Symbol symbol = dispose_symbol.As<Napi::Symbol>();
    for (const Napi::FunctionReference* handle :
         {&data.tensor_class, &data.model_class, &data.adamw_class, &data.tokenizer_class}) {
      AddDisposeSymbol(*handle, symbol);
    }
  });
}

Napi::Value Shutdown(const Napi::CallbackInfo& info) {
  using namespace torchner;
  return Guard(info, [&] { EnvData::Of(info.Env()).Close(); });
}

Napi::Object Register(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new torchner::EnvData(env));
  exports.Set("init", Napi::Function::New<Init>(env, "init"));
  exports.Set("shutdown", Napi::Function::New<Shutdown>(env, "shutdown"));
  torchner::TensorWrap::Register(env, exports);
  torchner::ModelWrap::Register(env, exports);
  torchner::AdamWWrap::Register(env, exports);
  torchner::RegisterRuntime(env, exports);
  torchner::RegisterTokenizer(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(torchner, Register)
