#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "io/torch_archive.h"

namespace torchner {

/** A file of torch.save whose tensors can be copied into a model's. */
class TorchFile {
 public:
  /** Throws as `TorchArchive` does. */
  TorchFile(const std::string& path, File file) : archive_(path, std::move(file)) {}

  const std::vector<PickledTensor>& tensors() const { return archive_.tensors(); }

  /** Copies one tensor's values into `target` (same shape, any float dtype or device), its checksum compared.
   */
  void CopyInto(const PickledTensor& tensor, const at::Tensor& target) const;

 private:
  TorchArchive archive_;
};

}  // namespace torchner
