#pragma once

#include <napi.h>

#include <optional>
#include <utility>

#include "bind/env_data.h"
#include "bind/guard.h"
#include "core/failure.h"

namespace torchner {

/** See `OnPool`. */
template <typename Work, typename ToJs>
class PoolTask : public Napi::AsyncWorker {
 public:
  PoolTask(Napi::Env env, Work work, ToJs to_js)
      : AsyncWorker(env, "torchner"), deferred_(env), work_(std::move(work)), to_js_(std::move(to_js)) {}

  Napi::Promise Start() {
    const Napi::Promise promise = deferred_.Promise();
    Queue();
    return promise;
  }

 private:
  void Execute() override {
    try {
      result_.emplace(work_());
    } catch (...) {
      failure_ = DescribeCurrentException();
    }
  }

  void OnOK() override {
    try {
      Settle();
    } catch (const Napi::Error&) {
      // The environment is being torn down and takes no calls any more: nobody waits for this promise.
    }
  }

  void Settle() {
    const Napi::Env env = Env();
    if (failure_) {
      deferred_.Reject(EnvData::Of(env).MakeError(env, CodeName(failure_->code), failure_->message).Value());
      return;
    }
    try {
      deferred_.Resolve(to_js_(env, *result_));
    } catch (...) {
      deferred_.Reject(CaughtError(env).Value());
    }
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  ToJs to_js_;
  std::optional<std::invoke_result_t<Work>> result_;
  std::optional<Failure> failure_;
};

/**
 * Like `OffThread`, for work that does not touch torch: it runs on libuv's pool, beside the executor, so that
 * sentences are encoded while the model works.
 */
template <typename Work, typename ToJs>
Napi::Promise OnPool(Napi::Env env, Work work, ToJs to_js) {
  // Deletes itself when done, as AsyncWorker does.
  return (new PoolTask<Work, ToJs>(env, std::move(work), std::move(to_js)))->Start();
}

}  // namespace torchner
