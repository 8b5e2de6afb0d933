#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include "bind/handle.h"
#include "core/numerics.h"

namespace torchner {

/** A tensor and the numerics of the model it came from, which its backward pass must use too. */
struct TensorHandle {
  at::Tensor tensor;
  Numerics numerics;
  /** Estimate of the activations that its graph keeps alive; 0 without a graph. */
  int64_t graph_bytes = 0;
  /** Backward has run: the graph is gone. Executor only. */
  bool spent = false;
};

/** `Tensor` of the native contract. `shape`, `dtype` and `device` are fixed at construction. */
class TensorWrap : public Napi::ObjectWrap<TensorWrap>, public Handle<TensorHandle> {
 public:
  static constexpr const char* kName = "Tensor";
  static constexpr napi_type_tag kTypeTag = {0x7e5a2b8c91d04f13, 0xa1c6e38d52b7f409};

  static void Register(Napi::Env env, Napi::Object exports);
  static Napi::Value ToJs(Napi::Env env, TensorHandle handle);

  explicit TensorWrap(const Napi::CallbackInfo& info);
  ~TensorWrap() override;

 private:
  Napi::Value Backward(const Napi::CallbackInfo& info);
  Napi::Value Item(const Napi::CallbackInfo& info);
  Napi::Value ToTypedArray(const Napi::CallbackInfo& info);
  Napi::Value Argmax(const Napi::CallbackInfo& info);
  Napi::Value Softmax(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  Napi::Value Add(const Napi::CallbackInfo& info);
  Napi::Value Mul(const Napi::CallbackInfo& info);
  Napi::Value Div(const Napi::CallbackInfo& info);
  Napi::Value CrossEntropy(const Napi::CallbackInfo& info);
  Napi::Value DisposeNow(const Napi::CallbackInfo& info);

  int64_t held_bytes_ = 0;

  template <typename Operation>
  Napi::Value Derive(const Napi::CallbackInfo& info, Operation operation);
  template <typename Operation>
  Napi::Value Arithmetic(const Napi::CallbackInfo& info, Operation operation);
};

}  // namespace torchner
