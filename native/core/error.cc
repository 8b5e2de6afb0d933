#include "core/error.h"

namespace torchner {

const char* CodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kArgument:
      return "EARG";
    case ErrorCode::kState:
      return "ESTATE";
    case ErrorCode::kCheckpoint:
      return "ECHECKPOINT";
    case ErrorCode::kEnvironment:
      return "EENV";
    case ErrorCode::kOutOfMemory:
      return "EOOM";
    case ErrorCode::kIo:
      return "EIO";
  }
  return "EENV";
}

}  // namespace torchner
