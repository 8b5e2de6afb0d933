#include "optim/runs.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace torchner {

std::vector<Run> CutIntoRuns(const std::vector<at::Tensor>& tensors) {
  constexpr int64_t kMost = 1 << 16;
  std::vector<Run> runs;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const int64_t size = tensors[i].numel();
    for (int64_t begin = 0; begin < size; begin += kMost) {
      runs.push_back({i, begin, std::min(size, begin + kMost)});
    }
  }
  return runs;
}

bool SuitKernels(const std::vector<at::Tensor>& tensors) {
  return std::ranges::all_of(tensors, [](const at::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.layout() == at::kStrided &&
           tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
  });
}

}  // namespace torchner
