#pragma once

#include <stdexcept>
#include <string>

namespace torchner {

/** The codes of `lib/native/errors.ts` that can arise natively. */
enum class ErrorCode { kArgument, kState, kCheckpoint, kEnvironment, kOutOfMemory, kIo };

/** Spelling on the JavaScript side, such as "EARG". */
const char* CodeName(ErrorCode code);

/** An error whose message is meant for the user: what is wrong, where, and the remedy. */
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace torchner
