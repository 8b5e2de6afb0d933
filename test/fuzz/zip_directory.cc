/** Zip archives: what is listed lies in the file, and what is read is what the checksum says. */
#include "io/zip_directory.h"

#include <algorithm>

#include "core/error.h"
#include "memory_file.h"
#include "require.h"
#include "stored_zip.h"

using torchner::File;
using torchner::ZipEntry;

namespace {

constexpr char kPath[] = "pytorch_model.bin";
/** Entries may overlap, so that reading all would take the square of the size. */
constexpr size_t kMostRead = 16;

void CheckContent(const File& file, const ZipEntry& entry, std::string_view archive) {
  std::string content(entry.size, '\0');
  try {
    torchner::ReadZipEntry(kPath, file, entry, content.data());
  } catch (const torchner::Error&) {
    return;
  }
  Require(content == archive.substr(entry.offset, entry.size), "the content is that of the file");
  Require(BitwiseCrc32(content) == entry.crc32, "the checksum is that of the content");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view archive(reinterpret_cast<const char*>(data), size);
  const MemoryFile memory(archive);
  const File file = memory.Open();
  std::vector<ZipEntry> entries;
  try {
    entries = torchner::ReadZipDirectory(kPath, file);
  } catch (const torchner::Error&) {
    return 0;
  }
  for (const ZipEntry& entry : entries) {
    Require(entry.offset <= size && entry.size <= size - entry.offset, "an entry lies in the file");
  }
  for (size_t i = 0; i < std::min(entries.size(), kMostRead); ++i) CheckContent(file, entries[i], archive);
  return 0;
}
