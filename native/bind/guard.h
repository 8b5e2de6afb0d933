#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "bind/env_data.h"
#include "core/failure.h"

namespace torchner {

/** The exception being handled, as the JavaScript error to throw or to reject with. */
inline Napi::Error CaughtError(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error& error) {
    return error;
  } catch (...) {
    const Failure failure = DescribeCurrentException();
    return EnvData::Of(env).MakeError(env, CodeName(failure.code), failure.message);
  }
}

/** The one wall around synchronous entries: whatever `body` throws becomes a TorchnerError. */
template <typename Body>
Napi::Value Guard(const Napi::CallbackInfo& info, Body&& body) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      body();
      return info.Env().Undefined();
    } else {
      return body();
    }
  } catch (...) {
    throw CaughtError(info.Env());
  }
}

/** The wall around entries that return a Promise: what `body` throws becomes the rejection. */
template <typename Body>
Napi::Value GuardAsync(const Napi::CallbackInfo& info, Body&& body) {
  try {
    return body();
  } catch (...) {
    const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(info.Env());
    deferred.Reject(CaughtError(info.Env()).Value());
    return deferred.Promise();
  }
}

/**
 * `work()` runs on the executor and returns a plain C++ value; `to_js(env, value)` turns it into the
 * promise's value back on the JavaScript thread. Either may throw; the promise then rejects with a
 * TorchnerError.
 */
template <typename Work, typename ToJs>
Napi::Promise OffThread(Napi::Env env, Work work, ToJs to_js) {
  const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
  EnvData::Of(env).Submit(
      [work = std::move(work), to_js = std::move(to_js), deferred]() mutable -> EnvData::Settlement {
        try {
          // Shared, because std::function wants copyable captures and results may be move-only.
          auto result = std::make_shared<std::invoke_result_t<Work>>(work());
          return [result, to_js = std::move(to_js), deferred](Napi::Env env) mutable {
            try {
              deferred.Resolve(to_js(env, *result));
            } catch (...) {
              deferred.Reject(CaughtError(env).Value());
            }
          };
        } catch (...) {
          return [failure = DescribeCurrentException(), deferred](Napi::Env env) {
            deferred.Reject(EnvData::Of(env).MakeError(env, CodeName(failure.code), failure.message).Value());
          };
        }
      });
  return deferred.Promise();
}

/** For work without a value: the promise resolves to undefined. */
template <typename Work>
Napi::Promise OffThread(Napi::Env env, Work work) {
  return OffThread(
      env,
      [work = std::move(work)]() mutable {
        work();
        return true;
      },
      [](Napi::Env env, bool) { return env.Undefined(); });
}

}  // namespace torchner
