#pragma once

#include <string>

#include "core/error.h"

namespace torchner {

/** What a caught exception says, ready to cross to JavaScript. */
struct Failure {
  ErrorCode code;
  std::string message;
};

/** Describes the exception being handled; call it inside `catch (...)` only. Never throws past memory. */
Failure DescribeCurrentException();

}  // namespace torchner
