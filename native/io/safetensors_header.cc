#include "io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "io/json_scanner.h"

namespace torchner {
namespace {

// The format's own limit.
constexpr uint64_t kMaxHeader = 100'000'000;

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kCheckpoint,
              path + ": not a valid safetensors file: " + why + ". Fetch or save the file again.");
}

SafetensorsEntry ReadEntry(JsonScanner& scanner, const std::string& name) {
  SafetensorsEntry entry{name, "", {}, 0, 0};
  std::set<std::string> seen;
  std::vector<uint64_t> offsets;
  scanner.Object([&](const std::string& key) {
    if (!seen.insert(key).second) throw JsonError{"tensor '" + name + "' has " + key + " twice"};
    if (key == "dtype") {
      entry.dtype = scanner.String();
    } else if (key == "shape") {
      scanner.Array([&] {
        const uint64_t size = scanner.Integer();
        if (size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
          throw JsonError{"tensor '" + name + "' has a dimension past 2^63"};
        }
        entry.shape.push_back(static_cast<int64_t>(size));
      });
    } else if (key == "data_offsets") {
      scanner.Array([&] { offsets.push_back(scanner.Integer()); });
    } else {
      throw JsonError{"tensor '" + name + "' has the unknown key '" + key + "'"};
    }
  });
  if (seen.size() != 3) throw JsonError{"tensor '" + name + "' lacks dtype, shape or data_offsets"};
  if (offsets.size() != 2) throw JsonError{"tensor '" + name + "' needs two data_offsets"};
  entry.begin = offsets[0];
  entry.end = offsets[1];
  return entry;
}

std::optional<uint64_t> ByteSize(const SafetensorsEntry& entry) {
  uint64_t size = SafetensorsItemSize(entry.dtype);
  for (const int64_t dimension : entry.shape) {
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(dimension), &size)) return std::nullopt;
  }
  return size;
}

void CheckRanges(const std::string& path, SafetensorsHeader& header, uint64_t data_size) {
  std::sort(header.entries.begin(), header.entries.end(),
            [](const auto& a, const auto& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t reached = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (SafetensorsItemSize(entry.dtype) == 0) {
      Refuse(path, "tensor '" + entry.name + "' has the unknown dtype '" + entry.dtype + "'");
    }
    const std::optional<uint64_t> size = ByteSize(entry);
    if (entry.end < entry.begin || !size || *size != entry.end - entry.begin) {
      Refuse(path, "the bytes of tensor '" + entry.name + "' do not fit its shape");
    }
    if (entry.begin != reached)
      Refuse(path, "there is a gap or an overlap before tensor '" + entry.name + "'");
    reached = entry.end;
  }
  if (reached != data_size) {
    Refuse(path, "its tensors end at byte " + std::to_string(reached) + " of the data, the file holds " +
                     std::to_string(data_size) + " (truncated?)");
  }
}

}  // namespace

uint64_t SafetensorsItemSize(std::string_view dtype) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 17> kSizes = {{{"F64", 8},
                                                                             {"F32", 4},
                                                                             {"F16", 2},
                                                                             {"BF16", 2},
                                                                             {"I64", 8},
                                                                             {"I32", 4},
                                                                             {"I16", 2},
                                                                             {"I8", 1},
                                                                             {"U8", 1},
                                                                             {"BOOL", 1},
                                                                             {"U16", 2},
                                                                             {"U32", 4},
                                                                             {"U64", 8},
                                                                             {"C64", 8},
                                                                             {"F8_E4M3", 1},
                                                                             {"F8_E5M2", 1},
                                                                             {"F8_E8M0", 1}}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return 0;
}

uint64_t SafetensorsHeaderLength(const std::string& path, const unsigned char (&prefix)[8],
                                 uint64_t file_size) {
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | prefix[i];
  if (length > kMaxHeader) Refuse(path, "its header claims " + std::to_string(length) + " bytes");
  if (length + 8 > file_size) Refuse(path, "it is shorter than its header (truncated?)");
  return length;
}

SafetensorsHeader ParseSafetensorsHeader(const std::string& path, std::string_view json, uint64_t file_size) {
  if (json.empty() || json.front() != '{') Refuse(path, "its header does not begin with '{'");
  if (!IsUtf8(json)) Refuse(path, "its header is not UTF-8");
  SafetensorsHeader header;
  header.data_start = 8 + json.size();
  std::set<std::string> seen, metadata;
  try {
    JsonScanner scanner(json);
    scanner.Object([&](const std::string& name) {
      if (!seen.insert(name).second) throw JsonError{"'" + name + "' stands there twice"};
      if (name == "__metadata__") {
        scanner.Object([&](const std::string& key) {
          scanner.String();
          if (!metadata.insert(key).second) {
            throw JsonError{"metadata '" + key + "' stands there twice"};
          }
        });
      } else {
        header.entries.push_back(ReadEntry(scanner, name));
      }
    });
    scanner.End();
  } catch (const JsonError& error) {
    Refuse(path, error.message);
  }
  CheckRanges(path, header, file_size - header.data_start);
  return header;
}

}  // namespace torchner
