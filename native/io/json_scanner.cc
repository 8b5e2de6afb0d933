#include "io/json_scanner.h"

#include <limits>

namespace torchner {
namespace {

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool IsHighSurrogate(uint32_t code) {
  return code >= 0xD800 && code < 0xDC00;
}
bool IsLowSurrogate(uint32_t code) {
  return code >= 0xDC00 && code < 0xE000;
}

}  // namespace

void JsonScanner::Fail(const std::string& expected) const {
  throw JsonError{"expected " + expected + " at byte " + std::to_string(at_) + " of the header"};
}

void JsonScanner::Blanks() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool JsonScanner::Take(char c) {
  Blanks();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonScanner::Expect(char c) {
  if (!Take(c)) Fail(std::string("'") + c + "'");
}

void JsonScanner::Object(const std::function<void(const std::string&)>& member) {
  Expect('{');
  if (Take('}')) return;
  do {
    const std::string key = String();
    Expect(':');
    member(key);
  } while (Take(','));
  Expect('}');
}

void JsonScanner::Array(const std::function<void()>& element) {
  Expect('[');
  if (Take(']')) return;
  do {
    element();
  } while (Take(','));
  Expect(']');
}

std::string JsonScanner::String() {
  Expect('"');
  std::string out;
  for (;;) {
    if (at_ >= text_.size()) Fail("the end of a string");
    const char c = text_[at_++];
    if (c == '"') return out;
    if (static_cast<unsigned char>(c) < 0x20) Fail("no control character in a string");
    if (c == '\\') {
      Escape(out);
    } else {
      out += c;
    }
  }
}

void JsonScanner::Escape(std::string& out) {
  if (at_ >= text_.size()) Fail("an escape");
  switch (text_[at_++]) {
    case '"':
      out += '"';
      return;
    case '\\':
      out += '\\';
      return;
    case '/':
      out += '/';
      return;
    case 'b':
      out += '\b';
      return;
    case 'f':
      out += '\f';
      return;
    case 'n':
      out += '\n';
      return;
    case 'r':
      out += '\r';
      return;
    case 't':
      out += '\t';
      return;
    case 'u':
      break;
    default:
      Fail("a known escape");
  }
  uint32_t code = Hex4();
  if (IsLowSurrogate(code)) Fail("a high surrogate first");
  if (IsHighSurrogate(code)) {
    if (text_.substr(at_, 2) != "\\u") Fail("a low surrogate");
    at_ += 2;
    const uint32_t low = Hex4();
    if (!IsLowSurrogate(low)) Fail("a low surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(out, code);
}

uint32_t JsonScanner::Hex4() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                                  : 16;
    if (digit == 16) Fail("four hexadecimal digits");
    code = code << 4 | digit;
    ++at_;
  }
  return code;
}

uint64_t JsonScanner::Integer() {
  Blanks();
  const auto is_digit = [this] { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; };
  if (!is_digit()) Fail("a non-negative integer");
  if (text_[at_] == '0') {
    ++at_;
    if (is_digit()) Fail("no leading zero");
    return 0;
  }
  uint64_t value = 0;
  while (is_digit()) {
    const uint64_t digit = static_cast<uint64_t>(text_[at_] - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) Fail("an integer below 2^64");
    value = value * 10 + digit;
    ++at_;
  }
  return value;
}

void JsonScanner::End() {
  Blanks();
  if (at_ != text_.size()) Fail("nothing more");
}

bool IsUtf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const auto byte = [&](size_t k) { return static_cast<unsigned char>(bytes[k]); };
    const unsigned char lead = byte(i);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    if (lead == 0xE0 && byte(i + 1) < 0xA0) return false;   // overlong
    if (lead == 0xED && byte(i + 1) >= 0xA0) return false;  // surrogate
    if (lead == 0xF0 && byte(i + 1) < 0x90) return false;   // overlong
    if (lead == 0xF4 && byte(i + 1) >= 0x90) return false;  // past U+10FFFF
    i += length;
  }
  return true;
}

}  // namespace torchner
