#include "io/torch_archive.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "io/safetensors_header.h"

namespace torchner {
namespace {

/** Some hundred bytes a tensor; more is no list of a model's tensors, and each byte costs memory when it is
 * read. */
constexpr uint64_t kMostPickle = 1u << 20;

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kCheckpoint, path + ": " + what + "; fetch or save the checkpoint again.");
}

/** Whether the last element that shape and strides reach lies in the storage, computed without overflow. */
bool LiesInStorage(const PickledTensor& tensor) {
  int64_t last = tensor.offset;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 0) return tensor.offset <= tensor.storage_size;
    int64_t reach;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach)) return false;
    if (__builtin_add_overflow(last, reach, &last)) return false;
  }
  return last < tensor.storage_size;
}

/** A stride of 0 can stand for any number of elements; no more are made than the storage has. */
bool HasFewElements(const PickledTensor& tensor) {
  int64_t count = 1;
  for (const int64_t size : tensor.shape) {
    if (__builtin_mul_overflow(count, size, &count)) return false;
  }
  return count <= tensor.storage_size;
}

}  // namespace

TorchArchive::TorchArchive(const std::string& path, File file) : path_(path), file_(std::move(file)) {
  const ZipEntry* pickle = nullptr;
  for (ZipEntry& entry : ReadZipDirectory(path_, file_)) {
    const std::string name = entry.name;
    const auto [at, added] = entries_.emplace(name, std::move(entry));
    if (!added) Refuse(path_, "holds '" + name + "' twice");
    const size_t slash = name.find('/');
    if (slash != std::string::npos && name.substr(slash + 1) == "data.pkl") {
      if (pickle) Refuse(path_, "holds two lists of tensors");
      pickle = &at->second;
      folder_ = name.substr(0, slash + 1);
    }
  }
  if (!pickle) Refuse(path_, "is a zip archive without data.pkl, not one of torch.save");
  if (pickle->size > kMostPickle)
    Refuse(path_, "has a data.pkl too large for the names of a model's tensors");
  std::string order = "little";
  if (const auto found = entries_.find(folder_ + "byteorder"); found != entries_.end()) {
    order.resize(std::min<uint64_t>(found->second.size, 16));
    file_.ReadAt(found->second.offset, order.data(), order.size());
  }
  if (order != "little") Refuse(path_, "was saved on a big-endian machine");
  std::string bytes(pickle->size, '\0');
  ReadZipEntry(path_, file_, *pickle, bytes.data());
  tensors_ = ReadPickledTensors(path_, bytes);
  for (const PickledTensor& tensor : tensors_) {
    const uint64_t item = SafetensorsItemSize(tensor.dtype);
    const ZipEntry& storage = Storage(tensor);
    if (storage.size % item != 0 || storage.size / item != static_cast<uint64_t>(tensor.storage_size) ||
        !LiesInStorage(tensor) || !HasFewElements(tensor)) {
      Refuse(path_, "'" + tensor.name + "' does not fit its storage");
    }
  }
}

const ZipEntry& TorchArchive::Storage(const PickledTensor& tensor) const {
  const auto found = entries_.find(folder_ + "data/" + tensor.storage);
  if (found == entries_.end()) Refuse(path_, "lacks the storage of '" + tensor.name + "'");
  return found->second;
}

void TorchArchive::ReadStorage(const PickledTensor& tensor, void* to) const {
  ReadZipEntry(path_, file_, Storage(tensor), to);
}

}  // namespace torchner
