#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/pickle_reader.h"
#include "io/zip_directory.h"

// No torch header here: a fuzzer drives this reader alone.

namespace torchner {

/** An open file of torch.save (pytorch_model.bin) whose list of tensors has been checked. */
class TorchArchive {
 public:
  /** Throws kCheckpoint for another format, anything but a state dict, and tensors outside of their storage.
   */
  TorchArchive(const std::string& path, File file);

  const std::string& path() const { return path_; }
  const std::vector<PickledTensor>& tensors() const { return tensors_; }

  /** All of a tensor's storage, its checksum compared. `to` has room for `storage_size` elements. */
  void ReadStorage(const PickledTensor& tensor, void* to) const;

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
