#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>

#include "core/executor.h"

namespace torchner {

/**
 * What one JavaScript environment (the main thread or a worker) owns. Nothing of it is static: a worker's
 * references die with the worker.
 *
 * Lifetime rules:
 *  1. JavaScript values are touched on the environment's own thread only; the executor sees plain C++ values.
 *  2. A result travels back as a Settlement through the thread-safe function. Once `closed` is set no new one
 * is sent, and the cleanup hook waits for the executor before the function is released.
 *  3. The function keeps the process alive only while promises are pending.
 */
class EnvData {
 public:
  explicit EnvData(Napi::Env env);
  static EnvData& Of(Napi::Env env);

  /** Takes the hooks of `init`; later calls replace them (each realm of a test runner brings its own). */
  void SetHooks(const Napi::Object& hooks);

  Napi::Error MakeError(Napi::Env env, const char* code, const std::string& message);
  /** A typed array made in JavaScript: kind is "float32", "float64", "int32" or "uint8". */
  Napi::Value Allocate(Napi::Env env, const char* kind, size_t length);

  /**
   * Runs `work` on the executor and then the function it returns on this environment's thread. After `Close`
   * the work is dropped. JavaScript thread only.
   */
  using Settlement = std::function<void(Napi::Env)>;
  void Submit(std::function<Settlement()> work);

  /** Runs `release` on the executor, so that freeing a graph never blocks the event loop. */
  void Release(std::function<void()> release);

  /**
   * Keeps the collector told of the memory behind tensors, as the most that was ever held at once until it
   * finds some that were left to it. A training step takes and disposes a graph of hundreds of megabytes:
   * told of each, the collector would run at each.
   */
  void HoldTensor(int64_t bytes);
  void ReleaseTensor(int64_t bytes, bool by_collector);

  /** Stops accepting work and waits for what runs. Safe to call twice. */
  void Close();

  Napi::FunctionReference tensor_class, model_class, adamw_class, tokenizer_class;

 private:
  void Deliver(Napi::Env env, Settlement settlement);

  std::shared_ptr<Executor> executor_;
  std::shared_ptr<std::atomic<bool>> closed_;
  napi_threadsafe_function results_ = nullptr;
  size_t pending_ = 0;
  int64_t tensor_bytes_ = 0, told_bytes_ = 0;
  Napi::FunctionReference error_class_, allocate_;
  Napi::Env env_;

  static void CallJs(napi_env env, napi_value, void* context, void* data);
};

}  // namespace torchner
