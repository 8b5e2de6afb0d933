#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// No torch header here: a fuzzer drives this reader alone.

namespace torchner {

/** One tensor of a safetensors file; offsets count from the end of the header. */
struct SafetensorsEntry {
  std::string name;
  /** Spelling of the format: F32, BF16, I64, ... */
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin;
  uint64_t end;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the file's byte order
  /** Where tensor bytes begin in the file. */
  uint64_t data_start;
};

/** Bytes per element; 0 for an unknown spelling. */
uint64_t SafetensorsItemSize(std::string_view dtype);

/** Length of the JSON that follows the first 8 bytes. Throws kCheckpoint where it cannot be right. */
uint64_t SafetensorsHeaderLength(const std::string& path, const unsigned char (&prefix)[8],
                                 uint64_t file_size);

/**
 * Reads a header strictly: known dtypes, shapes whose size is the byte range, ranges that cover the data from
 * 0 without gap or overlap to the end of the file, no name twice. Throws kCheckpoint naming `path` and the
 * tensor.
 */
SafetensorsHeader ParseSafetensorsHeader(const std::string& path, std::string_view json, uint64_t file_size);

}  // namespace torchner
