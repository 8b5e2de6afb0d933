#include "core/device.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <mutex>
#include <optional>

#include "core/error.h"

namespace torchner {
namespace {

// What opening CUDA's libraries found; written once, on the executor's thread.
std::string& OpenFailure() {
  static std::string reason;
  return reason;
}

bool IsDigits(const std::string& text) {
  return !text.empty() && text.size() < 4 && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

void OpenCudaLibraries() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
      OpenFailure() = "no NVIDIA driver (libcuda.so.1 does not open)";
      return;
    }
    // RTLD_GLOBAL so that the library's registrations see libtorch_cpu's symbols, as Python's torch loads it.
    if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) {
      const char* why = dlerror();
      OpenFailure() = std::string("this libtorch has no usable CUDA library (") + (why ? why : "unknown") +
                      "); run `npx torchner setup --cuda`";
    }
  });
}

CudaState CudaStatus() {
  if (!OpenFailure().empty()) return {false, 0, OpenFailure()};
  if (!at::globalContext().hasCUDA()) return {false, 0, "libtorch found no CUDA device"};
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (count == 0) return {false, 0, "the driver reports no CUDA device"};
  return {true, count, ""};
}

c10::Device ResolveDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  const CudaState cuda = CudaStatus();
  if (name == "auto") return cuda.available ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);

  const bool plain = name == "cuda";
  if (!plain && !(name.rfind("cuda:", 0) == 0 && IsDigits(name.substr(5)))) {
    throw Error(ErrorCode::kArgument, "device: '" + name + "' is not cpu, cuda, cuda:N or auto.");
  }
  if (!cuda.available) {
    throw Error(ErrorCode::kEnvironment,
                "device '" + name + "' cannot be used: " + cuda.reason + ". Use device 'cpu' or 'auto'.");
  }
  const int index = plain ? 0 : std::stoi(name.substr(5));
  if (index >= cuda.devices) {
    throw Error(ErrorCode::kEnvironment, "device '" + name + "' does not exist: there are " +
                                             std::to_string(cuda.devices) + " CUDA devices, counted from 0.");
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace torchner
