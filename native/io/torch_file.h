#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/pickle_reader.h"
#include "io/zip_directory.h"

namespace torchner {

/** An open file of torch.save (pytorch_model.bin) whose list of tensors has been checked. */
class TorchFile {
 public:
  /** Throws kCheckpoint for another format, anything but a state dict, and tensors outside of their storage.
   */
  TorchFile(const std::string& path, File file);

  const std::vector<PickledTensor>& tensors() const { return tensors_; }

  /** Copies one tensor's values into `target` (same shape, any float dtype or device), its checksum compared.
   */
  void CopyInto(const PickledTensor& tensor, const at::Tensor& target) const;

 private:
  const ZipEntry& Storage(const PickledTensor& tensor) const;

  std::string path_;
  File file_;
  std::map<std::string, ZipEntry> entries_;
  /** Folder inside the archive, with its slash. */
  std::string folder_;
  std::vector<PickledTensor> tensors_;
};

}  // namespace torchner
