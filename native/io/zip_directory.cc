#include "io/zip_directory.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/error.h"

namespace torchner {
namespace {

constexpr uint64_t kEndSize = 22;
constexpr uint64_t kEnd64Size = 56;
constexpr uint64_t kLocatorSize = 20;
constexpr uint64_t kCentralSize = 46;
constexpr uint64_t kLocalSize = 30;
constexpr uint64_t kMostComment = 65535;
/** A directory over this size is not one of a model. */
constexpr uint64_t kMostDirectory = 64u << 20;
constexpr uint32_t kInZip64 = 0xffffffff;

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kCheckpoint, path + ": " + what + "; fetch or save the checkpoint again.");
}

uint64_t Little(std::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string ReadBytes(const File& file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  file.ReadAt(offset, bytes.data(), size);
  return bytes;
}

struct Directory {
  uint64_t offset;
  uint64_t size;
};

/** The record at the end is found backwards, behind a comment of any length. */
Directory FindDirectory(const std::string& path, const File& file) {
  const uint64_t size = file.Size();
  if (size < kEndSize) Refuse(path, "is too short for a zip archive (truncated?)");
  const uint64_t tail = std::min(size, kEndSize + kMostComment);
  const std::string bytes = ReadBytes(file, size - tail, tail);
  const auto ends_file = [&](size_t at) { return at + kEndSize + Little(bytes, at + 20, 2) == tail; };
  size_t at = bytes.rfind("PK\x05\x06", tail - kEndSize);
  while (at != std::string::npos && !ends_file(at)) {
    at = at == 0 ? std::string::npos : bytes.rfind("PK\x05\x06", at - 1);
  }
  if (at == std::string::npos) Refuse(path, "has no end of a zip archive (truncated?)");
  const uint64_t end = size - tail + at;
  Directory found{.offset = Little(bytes, at + 16, 4), .size = Little(bytes, at + 12, 4)};
  if (end >= kLocatorSize && ReadBytes(file, end - kLocatorSize, 4) == std::string_view("PK\x06\x07", 4)) {
    const uint64_t at64 = Little(ReadBytes(file, end - kLocatorSize, kLocatorSize), 8, 8);
    if (at64 > end || end - at64 < kEnd64Size) Refuse(path, "has a broken zip64 record");
    const std::string end64 = ReadBytes(file, at64, kEnd64Size);
    if (end64.compare(0, 4, std::string_view("PK\x06\x06", 4)) != 0)
      Refuse(path, "has a broken zip64 record");
    found = {.offset = Little(end64, 48, 8), .size = Little(end64, 40, 8)};
  }
  if (found.size > kMostDirectory || found.offset > end || end - found.offset < found.size) {
    Refuse(path, "has a zip directory that does not lie in the file");
  }
  return found;
}

/** 64-bit sizes stand in an extra field, in this order, where the 32-bit ones are all ones. */
void ReadZip64(const std::string& path, std::string_view extra, uint64_t& size, uint64_t& packed,
               uint64_t& offset) {
  for (size_t at = 0; at + 4 <= extra.size();) {
    const size_t length = Little(extra, at + 2, 2);
    if (at + 4 + length > extra.size()) break;
    if (Little(extra, at, 2) == 1) {
      size_t next = at + 4;
      for (uint64_t* value : {&size, &packed, &offset}) {
        if (*value != kInZip64) continue;
        if (next + 8 > at + 4 + length) Refuse(path, "has a broken zip64 field");
        *value = Little(extra, next, 8);
        next += 8;
      }
      return;
    }
    at += 4 + length;
  }
}

/** Where an entry's bytes begin: behind its own header, whose extra field may differ from the directory's. */
uint64_t DataOffset(const std::string& path, const File& file, const std::string& name, uint64_t header,
                    uint64_t size) {
  const uint64_t whole = file.Size();
  if (header > whole || whole - header < kLocalSize)
    Refuse(path, "'" + name + "' lies outside of the archive");
  const std::string local = ReadBytes(file, header, kLocalSize);
  if (local.compare(0, 4, std::string_view("PK\x03\x04", 4)) != 0)
    Refuse(path, "'" + name + "' has no header");
  const uint64_t begin = header + kLocalSize + Little(local, 26, 2) + Little(local, 28, 2);
  if (begin > whole || whole - begin < size) Refuse(path, "'" + name + "' is cut off");
  return begin;
}

std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
    table[i] = value;
  }
  return table;
}

uint32_t Crc32(const unsigned char* bytes, uint64_t size) {
  static const std::array<uint32_t, 256> table = CrcTable();
  uint32_t crc = 0xffffffff;
  for (uint64_t i = 0; i < size; ++i) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
  return crc ^ 0xffffffff;
}

}  // namespace

std::vector<ZipEntry> ReadZipDirectory(const std::string& path, const File& file) {
  const Directory where = FindDirectory(path, file);
  const std::string bytes = ReadBytes(file, where.offset, where.size);
  std::vector<ZipEntry> entries;
  for (size_t at = 0; at < bytes.size();) {
    if (bytes.size() - at < kCentralSize || bytes.compare(at, 4, std::string_view("PK\x01\x02", 4)) != 0) {
      Refuse(path, "has a broken zip directory");
    }
    const size_t name_size = Little(bytes, at + 28, 2);
    const size_t extra_size = Little(bytes, at + 30, 2);
    const size_t next = at + kCentralSize + name_size + extra_size + Little(bytes, at + 32, 2);
    if (next > bytes.size()) Refuse(path, "has a broken zip directory");
    ZipEntry entry{.name = bytes.substr(at + kCentralSize, name_size),
                   .offset = Little(bytes, at + 42, 4),
                   .size = Little(bytes, at + 24, 4),
                   .crc32 = static_cast<uint32_t>(Little(bytes, at + 16, 4))};
    uint64_t packed = Little(bytes, at + 20, 4);
    ReadZip64(path, std::string_view(bytes).substr(at + kCentralSize + name_size, extra_size), entry.size,
              packed, entry.offset);
    if (Little(bytes, at + 10, 2) != 0 || Little(bytes, at + 8, 2) % 2 != 0 || packed != entry.size) {
      Refuse(path, "'" + entry.name + "' is compressed or encrypted, which torch.save never does");
    }
    entry.offset = DataOffset(path, file, entry.name, entry.offset, entry.size);
    entries.push_back(std::move(entry));
    at = next;
  }
  return entries;
}

void ReadZipEntry(const std::string& path, const File& file, const ZipEntry& entry, void* to) {
  file.ReadAt(entry.offset, to, entry.size);
  if (Crc32(static_cast<const unsigned char*>(to), entry.size) != entry.crc32) {
    Refuse(path, "'" + entry.name + "' has another content than was written (its checksum differs)");
  }
}

}  // namespace torchner
