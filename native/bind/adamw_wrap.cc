#include "bind/adamw_wrap.h"

#include <cmath>

#include "bind/guard.h"
#include "bind/model_wrap.h"
#include "bind/tensor_wrap.h"

namespace torchner {
namespace {

double InRange(double value, const char* name, double low, double high, const char* range) {
  if (!(value >= low && value < high))
    throw Error(ErrorCode::kArgument, std::string(name) + ": must lie in " + range + ".");
  return value;
}

AdamWOptions ReadOptions(const Napi::Value& value) {
  AdamWOptions options;
  const Napi::Value betas = Option(value, "betas");
  if (Given(betas)) {
    const Napi::Array pair = RequireArray(betas, "betas");
    if (pair.Length() != 2) ThrowArgument("betas", "two numbers", betas);
    options.beta1 = InRange(RequireNumber(pair.Get(0u), "betas[0]"), "betas[0]", 0, 1, "[0, 1)");
    options.beta2 = InRange(RequireNumber(pair.Get(1u), "betas[1]"), "betas[1]", 0, 1, "[0, 1)");
  }
  options.eps = InRange(NumberOption(value, "eps", options.eps), "eps", 0, INFINITY, "[0, infinity)");
  options.weight_decay = InRange(NumberOption(value, "weightDecay", options.weight_decay), "weightDecay", 0,
                                 INFINITY, "[0, infinity)");
  return options;
}

double RequireFinite(const Napi::Value& value, const char* name) {
  const double number = RequireNumber(value, name);
  if (!std::isfinite(number) || number < 0) ThrowArgument(name, "a finite number of at least 0", value);
  return number;
}

}  // namespace

void AdamWWrap::Register(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor =
      DefineClass(env, kName,
                  {InstanceMethod<&AdamWWrap::Step>("step"), InstanceMethod<&AdamWWrap::ZeroGrad>("zeroGrad"),
                   InstanceMethod<&AdamWWrap::ClipGradNorm>("clipGradNorm"),
                   InstanceMethod<&AdamWWrap::Save>("save"), InstanceMethod<&AdamWWrap::Load>("load"),
                   InstanceMethod<&AdamWWrap::DisposeNow>("dispose"), DisposedAccessor<AdamWWrap>()});
  EnvData::Of(env).adamw_class = Napi::Persistent(constructor);
  exports.Set(kName, constructor);
}

AdamWWrap::AdamWWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AdamWWrap>(info) {
  Guard(info, [&] {
    const std::shared_ptr<TokenClassifier> model = torchner::Unwrap<ModelWrap>(info[0], "model").Get("model");
    if (model->packed()) {
      throw Error(ErrorCode::kState, "AdamW: the model was packed for inference; load it again to train.");
    }
    native_ = std::make_shared<AdamW>(model, ReadOptions(info[1]));
    info.This().As<Napi::Object>().TypeTag(&kTypeTag);
    constexpr int64_t kMoments = 2;
    Account(info.Env(), kMoments * static_cast<int64_t>(sizeof(float)) * model->parameter_count());
  });
}

AdamWWrap::~AdamWWrap() {
  Dispose(Env());
}

Napi::Value AdamWWrap::Step(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [self = Get("this optimizer"), lr = RequireFinite(info[0], "lr"),
                                  numerics = NumericsOption(info[1])] { self->Step(lr, numerics); });
  });
}

Napi::Value AdamWWrap::ZeroGrad(const Napi::CallbackInfo& info) {
  return GuardAsync(
      info, [&] { return OffThread(info.Env(), [self = Get("this optimizer")] { self->ZeroGrad(); }); });
}

Napi::Value AdamWWrap::ClipGradNorm(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(
        info.Env(),
        [self = Get("this optimizer"), most = RequireFinite(info[0], "maxNorm"),
         numerics = NumericsOption(info[1])] { return self->ClipGradients(most, numerics); },
        [](Napi::Env env, at::Tensor& norm) {
          return TensorWrap::ToJs(env, {std::move(norm), Numerics::kReference});
        });
  });
}

Napi::Value AdamWWrap::Save(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [self = Get("this optimizer"), path = RequireString(info[0], "path")] {
      self->Save(path);
    });
  });
}

Napi::Value AdamWWrap::Load(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [self = Get("this optimizer"), path = RequireString(info[0], "path")] {
      self->Load(path);
    });
  });
}

Napi::Value AdamWWrap::DisposeNow(const Napi::CallbackInfo& info) {
  return Guard(info, [&] { Dispose(info.Env()); });
}

}  // namespace torchner
