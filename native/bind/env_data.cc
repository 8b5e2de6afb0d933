#include "bind/env_data.h"

#include <string>
#include <string_view>
#include <utility>

#include "bind/arguments.h"
#include "core/error.h"

namespace torchner {
namespace {

napi_typedarray_type ArrayType(std::string_view kind) {
  if (kind == "float32") return napi_float32_array;
  if (kind == "float64") return napi_float64_array;
  return kind == "int32" ? napi_int32_array : napi_uint8_array;
}

}  // namespace

EnvData::EnvData(Napi::Env env)
    : executor_(Executor::Shared()), closed_(std::make_shared<std::atomic<bool>>(false)), env_(env) {
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "torchner results"), 0, 1,
                                      nullptr, nullptr, this, CallJs, &results_);
  if (status != napi_ok) Napi::Error::Fatal("torchner", "cannot create a thread-safe function");
  napi_unref_threadsafe_function(env, results_);
  // Added after the function's own hook, so it runs before it: rule 2.
  napi_add_env_cleanup_hook(env, [](void* self) { static_cast<EnvData*>(self)->Close(); }, this);
}

EnvData& EnvData::Of(Napi::Env env) {
  return *env.GetInstanceData<EnvData>();
}

void EnvData::SetHooks(const Napi::Object& hooks) {
  const Napi::Value error_class = hooks.Get("TorchnerError"), allocate = hooks.Get("allocate");
  if (!error_class.IsFunction()) ThrowArgument("hooks.TorchnerError", "a class", error_class);
  if (!allocate.IsFunction()) ThrowArgument("hooks.allocate", "a function", allocate);
  error_class_ = Napi::Persistent(error_class.As<Napi::Function>());
  allocate_ = Napi::Persistent(allocate.As<Napi::Function>());
}

Napi::Error EnvData::MakeError(Napi::Env env, const char* code, const std::string& message) {
  if (error_class_.IsEmpty()) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, code));
    return error;
  }
  const Napi::Object error =
      error_class_.Value().New({Napi::String::New(env, code), Napi::String::New(env, message)});
  return Napi::Error(env, error);
}

Napi::Value EnvData::Allocate(Napi::Env env, const char* kind, size_t length) {
  if (allocate_.IsEmpty()) throw Error(ErrorCode::kState, "init has to be called first.");
  const Napi::Value made = allocate_.Value().Call(
      {Napi::String::New(env, kind), Napi::Number::New(env, static_cast<double>(length))});
  // Whoever asked writes that many elements behind its pointer.
  if (made.IsTypedArray()) {
    const Napi::TypedArray array = made.As<Napi::TypedArray>();
    if (array.TypedArrayType() == ArrayType(kind) && array.ElementLength() == length) return made;
  }
  ThrowArgument("what hooks.allocate returns", "a " + std::string(kind) + " array of that length", made);
}

void EnvData::HoldTensor(int64_t bytes) {
  tensor_bytes_ += bytes;
  if (tensor_bytes_ <= told_bytes_) return;
  Napi::MemoryManagement::AdjustExternalMemory(env_, tensor_bytes_ - told_bytes_);
  told_bytes_ = tensor_bytes_;
}

void EnvData::ReleaseTensor(int64_t bytes, bool by_collector) {
  tensor_bytes_ -= bytes;
  if (!by_collector) return;
  Napi::MemoryManagement::AdjustExternalMemory(env_, tensor_bytes_ - told_bytes_);
  told_bytes_ = tensor_bytes_;
}

void EnvData::Submit(std::function<Settlement()> work) {
  if (closed_->load()) throw Error(ErrorCode::kState, "torchner is shutting down; no new work is taken.");
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, results_);
  executor_->Post([work = std::move(work), closed = closed_, results = results_] {
    if (closed->load()) return;
    auto settlement = std::make_unique<Settlement>(work());
    // Not after Close: the function may be gone. Close drains this thread before it releases the function.
    if (closed->load()) return;
    if (napi_call_threadsafe_function(results, settlement.get(), napi_tsfn_nonblocking) == napi_ok) {
      settlement.release();
    }
  });
}

void EnvData::Release(std::function<void()> release) {
  if (closed_->load()) return;
  executor_->Post(std::move(release));
}

void EnvData::Close() {
  if (closed_->exchange(true)) return;
  executor_->Drain();
  napi_release_threadsafe_function(results_, napi_tsfn_abort);
  executor_.reset();
}

void EnvData::CallJs(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<Settlement> settlement(static_cast<Settlement*>(data));
  if (env == nullptr) return;  // the environment is being torn down: drop the result
  static_cast<EnvData*>(context)->Deliver(Napi::Env(env), std::move(*settlement));
}

void EnvData::Deliver(Napi::Env env, Settlement settlement) {
  if (--pending_ == 0) napi_unref_threadsafe_function(env, results_);
  Napi::HandleScope scope(env);
  try {
    settlement(env);
  } catch (const Napi::Error&) {
    // A worker is being terminated and takes no calls any more: nobody waits for this promise.
  }
}

}  // namespace torchner
