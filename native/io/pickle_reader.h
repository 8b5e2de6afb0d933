#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// No torch header here: a fuzzer drives this reader alone.

namespace torchner {

/** A tensor as torch.save pickles it: a view of a storage, which lies in a file of its own. */
struct PickledTensor {
  std::string name;
  /** In the spelling of safetensors: F32, BF16, I64, ... */
  std::string dtype;
  /** Name of the storage's file. */
  std::string storage;
  /** In elements, all of them at least 0. */
  int64_t storage_size;
  int64_t offset;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/**
 * The tensors of a pickled state dict, in its order. Nothing is run: the few functions that a state dict is
 * made of are known by name, and any other name is refused, as are opcodes that a state dict does not need.
 * Throws kCheckpoint naming `path`.
 */
std::vector<PickledTensor> ReadPickledTensors(const std::string& path, std::string_view pickle);

}  // namespace torchner
