/** Pickles of torch.save: what is read is a list of tensors that is no larger than what lists it. */
#include "io/pickle_reader.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "io/safetensors_header.h"
#include "require.h"

using torchner::PickledTensor;

namespace {

void CheckTensor(const PickledTensor& tensor) {
  const auto is_size = [](int64_t value) { return value >= 0; };
  Require(torchner::SafetensorsItemSize(tensor.dtype) > 0, "the dtype is known");
  Require(tensor.storage_size >= 0 && tensor.offset >= 0, "sizes are no negative numbers");
  Require(tensor.shape.size() == tensor.strides.size(), "each dimension has a stride");
  Require(tensor.shape.size() <= 64, "libtorch has that many dimensions");
  Require(std::all_of(tensor.shape.begin(), tensor.shape.end(), is_size), "a dimension is a size");
  Require(std::all_of(tensor.strides.begin(), tensor.strides.end(), is_size), "a stride is a size");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view pickle(reinterpret_cast<const char*>(data), size);
  std::vector<PickledTensor> tensors;
  try {
    tensors = torchner::ReadPickledTensors("pytorch_model.bin", pickle);
  } catch (const torchner::Error&) {
    return 0;
  }
  std::set<std::string> names;
  size_t bytes = 0;
  for (const PickledTensor& tensor : tensors) {
    CheckTensor(tensor);
    Require(names.insert(tensor.name).second, "no name stands twice");
    bytes += tensor.name.size();
  }
  Require(bytes <= size, "each name has bytes of its own");
  return 0;
}
