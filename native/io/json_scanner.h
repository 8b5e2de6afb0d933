#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace torchner {

/**
 * A strict reader of the JSON that safetensors headers hold: objects, arrays, strings and non-negative
 * integers. The caller drives it, so nothing is built that was not asked for and depth is the caller's own.
 * Every method throws JsonError where the text is anything else.
 */
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  /** Calls `member(key)` with the scanner at each value; `member` must read it. */
  void Object(const std::function<void(const std::string&)>& member);
  void Array(const std::function<void()>& element);
  std::string String();
  uint64_t Integer();
  /** Only blanks may follow. */
  void End();

 private:
  void Blanks();
  bool Take(char c);
  void Expect(char c);
  void Escape(std::string& out);
  uint32_t Hex4();
  [[noreturn]] void Fail(const std::string& expected) const;

  std::string_view text_;
  size_t at_ = 0;
};

struct JsonError {
  std::string message;
};

/** Whether the bytes are well-formed UTF-8 (no overlong forms, no surrogates). */
bool IsUtf8(std::string_view bytes);

}  // namespace torchner
