#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace torchner {

/** An open file of named tensors, safetensors or torch.save's, as a checkpoint is read from it. */
struct WeightsFile {
  struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    /** Copies the values into a tensor of this shape. */
    std::function<void(const at::Tensor& target)> copy_into;
  };
  std::vector<Entry> entries;
};

/** Tells the format by the first bytes. Throws kCheckpoint or kIo; pickles older than torch 1.6 are refused.
 */
WeightsFile OpenWeights(const std::string& path);

}  // namespace torchner
