/** The JSON reader: what it accepts, written down again, is read as the same. */
#include "io/json_scanner.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "require.h"

using torchner::IsUtf8;
using torchner::JsonError;
using torchner::JsonScanner;

namespace {

constexpr int kMostDepth = 100;

std::string Quoted(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += std::string("\\u00") + kHex[c >> 4] + kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string Value(JsonScanner& scanner, int depth);

template <typename Read>
std::optional<std::string> Try(JsonScanner& scanner, const Read& read) {
  const JsonScanner before = scanner;
  try {
    return read();
  } catch (const JsonError&) {
    scanner = before;
    return std::nullopt;
  }
}

/** The scanner cannot tell what comes next, as its callers know; here each kind is tried. */
std::string Value(JsonScanner& scanner, int depth) {
  if (depth > kMostDepth) throw JsonError{"deeper than the target goes"};
  if (const auto text = Try(scanner, [&] { return Quoted(scanner.String()); })) return *text;
  if (const auto number = Try(scanner, [&] { return std::to_string(scanner.Integer()); })) return *number;
  std::string out;
  const auto array = Try(scanner, [&] {
    out.clear();
    scanner.Array([&] { out += (out.empty() ? "" : ",") + Value(scanner, depth + 1); });
    return '[' + out + ']';
  });
  if (array) return *array;
  out.clear();
  scanner.Object([&](const std::string& key) {
    out += (out.empty() ? "" : ",") + Quoted(key) + ':' + Value(scanner, depth + 1);
  });
  return '{' + out + '}';
}

std::optional<std::string> Canonical(std::string_view text) {
  try {
    JsonScanner scanner(text);
    const std::string value = Value(scanner, 0);
    scanner.End();
    return value;
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

/** By the definition: the shortest form of a code point up to U+10FFFF that is no surrogate. */
bool IsUtf8ByDefinition(std::string_view bytes) {
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  for (size_t i = 0; i < bytes.size();) {
    const unsigned char lead = static_cast<unsigned char>(bytes[i]);
    size_t length = 0;
    while (length < 8 && (lead & (0x80 >> length)) != 0) ++length;
    if (length == 1 || length > 4) return false;
    uint32_t code = length == 0 ? lead : lead & (0x7f >> length);
    length = std::max<size_t>(length, 1);
    if (bytes.size() - i < length) return false;
    for (size_t k = 1; k < length; ++k) {
      const unsigned char next = static_cast<unsigned char>(bytes[i + k]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3f);
    }
    if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += length;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Require(IsUtf8(text) == IsUtf8ByDefinition(text), "UTF-8 is what its definition says");
  const std::optional<std::string> value = Canonical(text);
  if (!value) return 0;
  Require(Canonical(*value) == value, "a value written down again is the same");
  Require(!IsUtf8(text) || IsUtf8(*value), "UTF-8 stays UTF-8");
  return 0;
}
