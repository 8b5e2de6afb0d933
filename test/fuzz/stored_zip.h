#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/** By the definition, bit by bit: apart from the table of the reader under test. */
inline uint32_t BitwiseCrc32(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

/** A writer of zip archives that store their files as they are. */
class StoredZip {
 public:
  void Add(const std::string& name, std::string_view content) {
    const std::string common = Little(20, 2) + Little(0, 8) + Little(BitwiseCrc32(content), 4) +
                               Little(content.size(), 4) + Little(content.size(), 4) +
                               Little(name.size(), 2) + Little(0, 2);
    directory_ +=
        std::string("PK\x01\x02") + Little(20, 2) + common + Little(0, 10) + Little(files_.size(), 4) + name;
    files_ += std::string("PK\x03\x04") + common + name;
    files_ += content;
    ++count_;
  }

  std::string Finish() const {
    return files_ + directory_ + std::string("PK\x05\x06") + Little(0, 4) + Little(count_, 2) +
           Little(count_, 2) + Little(directory_.size(), 4) + Little(files_.size(), 4) + Little(0, 2);
  }

 private:
  static std::string Little(uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0);
    return out;
  }

  std::string files_, directory_;
  uint64_t count_ = 0;
};
