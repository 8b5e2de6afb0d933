#include "bind/runtime.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "bind/arguments.h"
#include "bind/guard.h"
#include "core/device.h"
#include "core/numerics.h"
#include "io/rng_state.h"
#include "kernels/kernels.h"

namespace torchner {
namespace {

struct RuntimeInfo {
  std::string cpu_capability;
  int threads;
  MatmulChoice matmul;
  std::string kernels;
  CudaState cuda;
};

Napi::Value GetRuntimeInfo(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(
        info.Env(),
        [] {
          return RuntimeInfo{at::get_cpu_capability(), at::get_num_threads(), FastMatmul(),
                             kernels::Selected().name, CudaStatus()};
        },
        [](Napi::Env env, const RuntimeInfo& read) {
          Napi::Object matmul = Napi::Object::New(env);
          matmul.Set("backend", read.matmul.backend);
          matmul.Set("relativeError", read.matmul.relative_error);
          Napi::Object cuda = Napi::Object::New(env);
          cuda.Set("available", read.cuda.available);
          std::vector<std::string> devices;
          for (int i = 0; i < read.cuda.devices; ++i) devices.push_back("cuda:" + std::to_string(i));
          cuda.Set("devices", ToJsArray(env, devices));
          if (!read.cuda.available) cuda.Set("reason", read.cuda.reason);
          Napi::Object object = Napi::Object::New(env);
          object.Set("torchVersion", TORCH_VERSION);
          object.Set("cpuCapability", read.cpu_capability);
          object.Set("threads", read.threads);
          object.Set("matmul", matmul);
          object.Set("kernels", read.kernels);
          object.Set("cuda", cuda);
          return object;
        });
  });
}

Napi::Value SetNumThreads(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const int threads = static_cast<int>(RequireInteger(info[0], "threads", 1, 1024));
    return OffThread(info.Env(), [threads] { at::set_num_threads(threads); });
  });
}

Napi::Value SeedAll(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    constexpr int64_t kLargestSafeInteger = (int64_t{1} << 53) - 1;
    const int64_t seed = RequireInteger(info[0], "seed", 0, kLargestSafeInteger);
    return OffThread(info.Env(), [seed] { ManualSeed(static_cast<uint64_t>(seed)); });
  });
}

Napi::Value DrawOne(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] { return OffThread(info.Env(), [] { DrawBaseSeed(); }); });
}

Napi::Value DrawPermutation(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const int64_t n = RequireInteger(info[0], "n", 0, std::numeric_limits<int32_t>::max());
    return OffThread(
        info.Env(), [n] { return RandomPermutation(n); },
        [](Napi::Env env, const std::vector<int32_t>& order) {
          const Napi::Value array = EnvData::Of(env).Allocate(env, "int32", order.size());
          // Not memcpy, which takes no null: an empty array has no address.
          std::copy(order.begin(), order.end(), array.As<Napi::Int32Array>().Data());
          return array;
        });
  });
}

Napi::Value ReadState(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(
        info.Env(), [] { return GetRngState(); },
        [](Napi::Env env, const std::vector<uint8_t>& state) {
          const Napi::Value array = EnvData::Of(env).Allocate(env, "uint8", state.size());
          std::memcpy(array.As<Napi::Uint8Array>().Data(), state.data(), state.size());
          return array;
        });
  });
}

Napi::Value WriteState(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [state = RequireBytes(info[0], "state")] { SetRngState(state); });
  });
}

}  // namespace

void RegisterRuntime(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  add("runtimeInfo", Napi::Function::New<GetRuntimeInfo>(env, "runtimeInfo"));
  add("setNumThreads", Napi::Function::New<SetNumThreads>(env, "setNumThreads"));
  add("manualSeed", Napi::Function::New<SeedAll>(env, "manualSeed"));
  add("drawBaseSeed", Napi::Function::New<DrawOne>(env, "drawBaseSeed"));
  add("randperm", Napi::Function::New<DrawPermutation>(env, "randperm"));
  add("getRngState", Napi::Function::New<ReadState>(env, "getRngState"));
  add("setRngState", Napi::Function::New<WriteState>(env, "setRngState"));
}

}  // namespace torchner
