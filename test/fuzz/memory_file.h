#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "io/file.h"

/** A file that no disk sees, for the readers that want a descriptor. */
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    for (size_t at = 0; at < content.size();) {
      const ssize_t written = write(descriptor_, content.data() + at, content.size() - at);
      if (written <= 0) abort();
      at += static_cast<size_t>(written);
    }
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  torchner::File Open() const {
    return torchner::File::OpenForReading("/proc/self/fd/" + std::to_string(descriptor_));
  }

 private:
  int descriptor_;
};
