#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace torchner {

/** Elements [begin, end) of one of several tensors. */
struct Run {
  size_t tensor;
  int64_t begin, end;
};

/** All elements of the tensors in runs that threads share out; where they are cut depends on sizes alone. */
std::vector<Run> CutIntoRuns(const std::vector<at::Tensor>& tensors);

/** Whether native/kernels can take them as flat arrays: dense float32 on the CPU without gaps. */
bool SuitKernels(const std::vector<at::Tensor>& tensors);

}  // namespace torchner
