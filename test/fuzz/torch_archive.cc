/**
 * Whole files of torch.save around a pickle, with checksums that are right: a tensor that is accepted lies in
 * its storage. An input is four sizes of storages, in bytes, and the pickle.
 */
#include "io/torch_archive.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "io/safetensors_header.h"
#include "memory_file.h"
#include "require.h"
#include "stored_zip.h"

using torchner::PickledTensor;
using torchner::TorchArchive;

namespace {

constexpr size_t kStorages = 4;

/** Every element that shape and strides reach, in numbers that cannot overflow. */
void CheckTensor(const PickledTensor& tensor, const std::array<uint8_t, kStorages>& sizes) {
  Require(tensor.storage.size() == 1 && tensor.storage[0] >= '0' && tensor.storage[0] <= '3',
          "the storage is there");
  const size_t bytes = sizes[static_cast<size_t>(tensor.storage[0] - '0')];
  const uint64_t item = torchner::SafetensorsItemSize(tensor.dtype);
  Require(static_cast<unsigned __int128>(tensor.storage_size) * item == bytes, "the storage is all there");
  if (std::count(tensor.shape.begin(), tensor.shape.end(), 0) > 0) return;
  __int128 last = tensor.offset, count = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    count *= tensor.shape[i];
    Require(count <= tensor.storage_size, "a tensor has no more elements than its storage");
    last += static_cast<__int128>(tensor.shape[i] - 1) * tensor.strides[i];
  }
  Require(last < tensor.storage_size, "the last element lies in the storage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<uint8_t, kStorages> sizes;
  if (size < sizes.size()) return 0;
  std::copy_n(data, sizes.size(), sizes.begin());
  StoredZip zip;
  zip.Add("archive/data.pkl", {reinterpret_cast<const char*>(data) + kStorages, size - kStorages});
  for (size_t i = 0; i < sizes.size(); ++i) {
    zip.Add("archive/data/" + std::to_string(i), std::string(sizes[i], 'x'));
  }
  const MemoryFile memory(zip.Finish());
  try {
    const TorchArchive archive("pytorch_model.bin", memory.Open());
    for (const PickledTensor& tensor : archive.tensors()) {
      CheckTensor(tensor, sizes);
      std::string storage(sizes[static_cast<size_t>(tensor.storage[0] - '0')], '\0');
      archive.ReadStorage(tensor, storage.data());
    }
  } catch (const torchner::Error&) {
  }
  return 0;
}
