#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/file.h"

// No torch header here: a fuzzer drives this reader alone.

namespace torchner {

/** A file in a zip archive, stored as it is. */
struct ZipEntry {
  std::string name;
  /** Of its first byte, from the beginning of the archive. */
  uint64_t offset;
  uint64_t size;
  uint32_t crc32;
};

/**
 * The files of a zip archive by its central directory, zip64 included. Throws kCheckpoint naming `path` where
 * a record is torn, leads outside of the archive, or is compressed or encrypted: torch.save stores.
 */
std::vector<ZipEntry> ReadZipDirectory(const std::string& path, const File& file);

/** Reads all of one entry and compares its checksum. `to` has room for `entry.size` bytes. */
void ReadZipEntry(const std::string& path, const File& file, const ZipEntry& entry, void* to);

}  // namespace torchner
