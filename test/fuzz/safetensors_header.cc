/** Headers of safetensors files. An input is the header; its first 8 bytes are the size of the data behind
 * it. */
#include "io/safetensors_header.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "core/error.h"
#include "io/json_scanner.h"
#include "require.h"

using torchner::SafetensorsEntry;
using torchner::SafetensorsHeader;

namespace {

constexpr char kPath[] = "model.safetensors";

void CheckEntry(const SafetensorsEntry& entry, uint64_t begin) {
  const uint64_t item = torchner::SafetensorsItemSize(entry.dtype);
  Require(item > 0, "the dtype is known");
  Require(entry.begin == begin && entry.end >= begin, "the bytes follow upon those before");
  unsigned __int128 bytes = item;
  for (const int64_t dimension : entry.shape) {
    Require(dimension >= 0, "a dimension is no negative number");
    bytes *= static_cast<uint64_t>(dimension);
    if (bytes > std::numeric_limits<uint64_t>::max()) Require(false, "the size is a number of 64 bits");
  }
  Require(bytes == entry.end - entry.begin, "the bytes are those of the shape");
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/** The last entry first: the order in a header is free. */
std::string Written(const SafetensorsHeader& header) {
  std::string json;
  for (size_t i = header.entries.size(); i-- > 0;) {
    const SafetensorsEntry& entry = header.entries[i];
    std::string shape;
    for (const int64_t size : entry.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    json += (json.empty() ? "" : ",") + Quoted(entry.name) + R"(:{"dtype":)" + Quoted(entry.dtype) +
            R"(,"data_offsets":[)" + std::to_string(entry.begin) + "," + std::to_string(entry.end) +
            R"(],"shape":[)" + shape + "]}";
  }
  return "{" + json + "}";
}

bool Same(const SafetensorsEntry& a, const SafetensorsEntry& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.begin == b.begin && a.end == b.end;
}

void CheckHeader(const SafetensorsHeader& header, std::string_view json, uint64_t data_size) {
  Require(header.data_start == 8 + json.size(), "the data begin behind the header");
  std::set<std::string> names;
  uint64_t reached = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    CheckEntry(entry, reached);
    reached = entry.end;
    Require(names.insert(entry.name).second, "no name stands twice");
    Require(torchner::IsUtf8(entry.name), "a name is UTF-8");
  }
  Require(reached == data_size, "the tensors end where the file ends");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  unsigned char prefix[8] = {};
  if (size < sizeof prefix) return 0;
  std::memcpy(prefix, data, sizeof prefix);
  try {
    Require(torchner::SafetensorsHeaderLength(kPath, prefix, size) <= size - 8,
            "the header lies in the file");
  } catch (const torchner::Error&) {
  }
  uint64_t data_size = 0;
  std::memcpy(&data_size, prefix, sizeof data_size);
  const std::string_view json(reinterpret_cast<const char*>(data) + 8, size - 8);
  data_size = std::min(data_size, std::numeric_limits<uint64_t>::max() - size);
  SafetensorsHeader header;
  try {
    header = torchner::ParseSafetensorsHeader(kPath, json, size + data_size);
  } catch (const torchner::Error&) {
    return 0;
  }
  CheckHeader(header, json, data_size);
  const std::string written = Written(header);
  const SafetensorsHeader again =
      torchner::ParseSafetensorsHeader(kPath, written, 8 + written.size() + data_size);
  // Tensors without bytes share their place, and there the header's own order decides.
  Require(std::is_permutation(again.entries.begin(), again.entries.end(), header.entries.begin(),
                              header.entries.end(), Same),
          "the header written down again is the same");
  return 0;
}
