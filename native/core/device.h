#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace torchner {

/**
 * Opens libtorch's CUDA library where there is a driver and a CUDA build, so that nothing is paid where there
 * is not. Must run before the first query of libtorch's CUDA hooks; later calls do nothing.
 */
void OpenCudaLibraries();

struct CudaState {
  bool available;
  int devices;
  /** Why there is none; empty when available. */
  std::string reason;
};
CudaState CudaStatus();

/** "cpu", "cuda", "cuda:N" or "auto" (CUDA where there is one). Throws kArgument or kEnvironment. */
c10::Device ResolveDevice(const std::string& name);

}  // namespace torchner
