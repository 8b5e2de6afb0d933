#include "bind/tensor_wrap.h"

#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>

#include <cstring>
#include <limits>

#include "bind/guard.h"
#include "core/batch.h"
#include "optim/gradient_scale.h"

namespace torchner {
namespace {

const char* DTypeName(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kBFloat16:
      return "bfloat16";
    case at::kHalf:
      return "float16";
    case at::kLong:
      return "int64";
    case at::kInt:
      return "int32";
    case at::kBool:
      return "bool";
    default:
      throw Error(ErrorCode::kArgument,
                  std::string("tensors of type ") + at::toString(type) + " cannot be used from JavaScript.");
  }
}

/** Contiguous, on the host, in the type its typed array has. */
at::Tensor ToHost(const at::Tensor& tensor) {
  at::NoGradGuard no_grad;
  const at::Tensor host = tensor.detach().to(at::kCPU);
  if (host.scalar_type() == at::kDouble) return host.contiguous();
  if (at::isFloatingType(host.scalar_type())) return host.to(at::kFloat).contiguous();
  if (host.scalar_type() == at::kLong && host.numel() > 0 &&
      (host.max().item<int64_t>() > std::numeric_limits<int32_t>::max() ||
       host.min().item<int64_t>() < std::numeric_limits<int32_t>::min())) {
    throw Error(ErrorCode::kArgument, "toTypedArray: a value does not fit 32 bits.");
  }
  return host.to(at::kInt).contiguous();
}

void RequireScores(const char* call, const at::Tensor& tensor) {
  if (tensor.dim() > 0 && tensor.numel() > 0 && at::isFloatingType(tensor.scalar_type())) return;
  throw Error(ErrorCode::kArgument, std::string(call) + ": needs float scores with at least one dimension.");
}

int64_t DimArgument(const Napi::CallbackInfo& info, const at::Tensor& tensor) {
  if (!Given(info[0])) return -1;
  return RequireInteger(info[0], "dim", -tensor.dim(), std::max<int64_t>(tensor.dim() - 1, 0));
}

}  // namespace

void TensorWrap::Register(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = DefineClass(
      env, kName,
      {InstanceMethod<&TensorWrap::Backward>("backward"), InstanceMethod<&TensorWrap::Item>("item"),
       InstanceMethod<&TensorWrap::ToTypedArray>("toTypedArray"),
       InstanceMethod<&TensorWrap::Argmax>("argmax"), InstanceMethod<&TensorWrap::Softmax>("softmax"),
       InstanceMethod<&TensorWrap::Detach>("detach"), InstanceMethod<&TensorWrap::Add>("add"),
       InstanceMethod<&TensorWrap::Mul>("mul"), InstanceMethod<&TensorWrap::Div>("div"),
       InstanceMethod<&TensorWrap::CrossEntropy>("crossEntropy"),
       InstanceMethod<&TensorWrap::DisposeNow>("dispose"), DisposedAccessor<TensorWrap>()});
  EnvData::Of(env).tensor_class = Napi::Persistent(constructor);
  exports.Set(kName, constructor);
}

Napi::Value TensorWrap::ToJs(Napi::Env env, TensorHandle handle) {
  const at::Tensor& tensor = handle.tensor;
  const Napi::Array shape = ToJsArray(env, tensor.sizes().vec());
  const std::string dtype = DTypeName(tensor.scalar_type()), device = tensor.device().str();
  const bool requires_grad = tensor.requires_grad();
  const Napi::Object object =
      Construct(EnvData::Of(env).tensor_class, std::make_shared<TensorHandle>(std::move(handle)));
  const auto fixed = [&](const char* name, const Napi::Value& value) {
    return Napi::PropertyDescriptor::Value(name, value, napi_enumerable);
  };
  Napi::Object(object).DefineProperties({fixed("shape", shape), fixed("dtype", Napi::String::New(env, dtype)),
                                         fixed("device", Napi::String::New(env, device)),
                                         fixed("requiresGrad", Napi::Boolean::New(env, requires_grad))});
  return object;
}

TensorWrap::TensorWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TensorWrap>(info) {
  Guard(info, [&] {
    native_ = TakeConstructed<TensorWrap, TensorHandle>(info);
    info.This().As<Napi::Object>().TypeTag(&kTypeTag);
    held_bytes_ = static_cast<int64_t>(native_->tensor.nbytes()) + native_->graph_bytes;
    EnvData::Of(info.Env()).HoldTensor(held_bytes_);
  });
}

TensorWrap::~TensorWrap() {
  if (!disposed()) EnvData::Of(Env()).ReleaseTensor(held_bytes_, /*by_collector=*/true);
  Dispose(Env());
}

template <typename Operation>
Napi::Value TensorWrap::Derive(const Napi::CallbackInfo& info, Operation operation) {
  const std::shared_ptr<TensorHandle> self = Get("this tensor");
  return OffThread(
      info.Env(),
      [self, operation = std::move(operation)] {
        NumericsScope numerics(self->numerics);
        TensorHandle result{operation(self->tensor), self->numerics};
        if (result.tensor.requires_grad()) result.graph_bytes = self->graph_bytes;
        return result;
      },
      [](Napi::Env env, TensorHandle& result) { return ToJs(env, std::move(result)); });
}

template <typename Operation>
Napi::Value TensorWrap::Arithmetic(const Napi::CallbackInfo& info, Operation operation) {
  return GuardAsync(info, [&]() -> Napi::Value {
    if (info[0].IsNumber()) {
      const at::Scalar other(RequireNumber(info[0], "other"));
      return Derive(info, [other, operation](const at::Tensor& self) { return operation(self, other); });
    }
    const std::shared_ptr<TensorHandle> other = torchner::Unwrap<TensorWrap>(info[0], "other").Get("other");
    const at::Tensor& mine = Get("this tensor")->tensor;
    if (!at::are_expandable(mine.sizes(), other->tensor.sizes()) || mine.device() != other->tensor.device()) {
      throw Error(ErrorCode::kArgument, "other: its shape or device does not go with this tensor's.");
    }
    return Derive(info,
                  [other, operation](const at::Tensor& self) { return operation(self, other->tensor); });
  });
}

Napi::Value TensorWrap::Backward(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<TensorHandle> self = Get("this tensor");
    return OffThread(info.Env(), [self] {
      if (self->spent) {
        throw Error(ErrorCode::kState, "backward: this loss's graph is used up; run forward again.");
      }
      if (self->tensor.numel() != 1 || !self->tensor.requires_grad()) {
        throw Error(ErrorCode::kState,
                    "backward: needs a loss of one element with a graph; was the model in train mode (or "
                    "grad: true)?");
      }
      NumericsScope numerics(self->numerics);
      SettleGradientScale();
      self->tensor.backward();
      self->spent = true;
    });
  });
}

Napi::Value TensorWrap::Item(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<TensorHandle> self = Get("this tensor");
    return OffThread(
        info.Env(),
        [self] {
          if (self->tensor.numel() != 1) {
            throw Error(
                ErrorCode::kArgument,
                "item: this tensor has " + std::to_string(self->tensor.numel()) + " elements, not one.");
          }
          return self->tensor.detach().to(at::kCPU, at::kDouble).item<double>();
        },
        [](Napi::Env env, double value) { return Napi::Number::New(env, value); });
  });
}

Napi::Value TensorWrap::ToTypedArray(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<TensorHandle> self = Get("this tensor");
    return OffThread(
        info.Env(), [self] { return ToHost(self->tensor); },
        [](Napi::Env env, const at::Tensor& host) {
          const char* kind = host.scalar_type() == at::kInt ? "int32" : DTypeName(host.scalar_type());
          const Napi::Value array = EnvData::Of(env).Allocate(env, kind, static_cast<size_t>(host.numel()));
          const Napi::TypedArray view = array.As<Napi::TypedArray>();
          // Not memcpy of nothing, which takes no null.
          if (host.numel() == 0) return array;
          std::memcpy(static_cast<char*>(view.ArrayBuffer().Data()) + view.ByteOffset(), host.data_ptr(),
                      host.nbytes());
          return array;
        });
  });
}

Napi::Value TensorWrap::Argmax(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const int64_t dim = DimArgument(info, Get("this tensor")->tensor);
    return Derive(info, [dim](const at::Tensor& self) { return self.detach().argmax(dim); });
  });
}

Napi::Value TensorWrap::Softmax(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const at::Tensor scores = Get("this tensor")->tensor;
    RequireScores("softmax", scores);
    const int64_t dim = DimArgument(info, scores);
    return Derive(info, [dim](const at::Tensor& self) { return self.softmax(dim); });
  });
}

Napi::Value TensorWrap::Detach(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] { return Derive(info, [](const at::Tensor& self) { return self.detach(); }); });
}

Napi::Value TensorWrap::Add(const Napi::CallbackInfo& info) {
  return Arithmetic(info, [](const at::Tensor& self, const auto& other) { return self.add(other); });
}

Napi::Value TensorWrap::Mul(const Napi::CallbackInfo& info) {
  return Arithmetic(info, [](const at::Tensor& self, const auto& other) { return self.mul(other); });
}

Napi::Value TensorWrap::Div(const Napi::CallbackInfo& info) {
  return Arithmetic(info, [](const at::Tensor& self, const auto& other) { return self.div(other); });
}

Napi::Value TensorWrap::CrossEntropy(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const at::Tensor scores = Get("this tensor")->tensor;
    RequireScores("crossEntropy", scores);
    const int64_t classes = scores.dim() > 0 ? scores.size(-1) : 0;
    const int64_t rows = classes > 0 ? scores.numel() / classes : 0;
    const std::vector<int64_t> labels = RequireIntegers(info[0], "labels");
    if (static_cast<int64_t>(labels.size()) != rows) {
      throw Error(ErrorCode::kArgument, "labels: expected one for each of the " + std::to_string(rows) +
                                            " rows of scores, got " + std::to_string(labels.size()) + ".");
    }
    const Napi::Value ignore_option = Option(info[1], "ignoreIndex");
    const int64_t ignore = Given(ignore_option)
                               ? RequireInteger(ignore_option, "ignoreIndex", INT32_MIN, INT32_MAX)
                               : kIgnoreIndex;
    for (const int64_t label : labels) {
      if (label != ignore && (label < 0 || label >= classes)) {
        throw Error(ErrorCode::kArgument, "labels: " + std::to_string(label) + " is not in [0, " +
                                              std::to_string(classes) + ") and not ignoreIndex.");
      }
    }
    const std::string reduction = StringOption(info[1], "reduction").value_or("mean");
    if (reduction != "mean" && reduction != "sum") {
      throw Error(ErrorCode::kArgument, "reduction: '" + reduction + "' is not mean or sum.");
    }
    const Napi::Value weight_option = Option(info[1], "weight");
    std::vector<float> weight;
    if (Given(weight_option)) {
      weight = RequireFloats(weight_option, "weight");
      if (static_cast<int64_t>(weight.size()) != classes) {
        throw Error(ErrorCode::kArgument, "weight: expected one for each of the " + std::to_string(classes) +
                                              " labels, got " + std::to_string(weight.size()) + ".");
      }
    }
    return Derive(info, [labels, weight, ignore, reduction, classes](const at::Tensor& self) {
      std::optional<at::Tensor> weights;
      if (!weight.empty()) weights = at::tensor(weight).to(self.device());
      return at::cross_entropy_loss(self.reshape({-1, classes}),
                                    at::tensor(labels, at::kLong).to(self.device()), weights,
                                    reduction == "sum" ? at::Reduction::Sum : at::Reduction::Mean, ignore);
    });
  });
}

Napi::Value TensorWrap::DisposeNow(const Napi::CallbackInfo& info) {
  return Guard(info, [&] {
    if (!disposed()) EnvData::Of(info.Env()).ReleaseTensor(held_bytes_, /*by_collector=*/false);
    Dispose(info.Env());
  });
}

}  // namespace torchner
