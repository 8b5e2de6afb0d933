#include "core/failure.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

namespace torchner {
namespace {

Failure OutOfMemory(const std::string& detail) {
  return {ErrorCode::kOutOfMemory,
          "out of memory (" + detail + "); use a smaller batch, shorter sequences or a smaller model."};
}

Failure FromTorch(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  // libtorch's CPU allocator reports exhaustion as a plain c10::Error.
  if (message.find("can't allocate memory") != std::string::npos) return OutOfMemory(message);
  return {ErrorCode::kEnvironment, "libtorch: " + message};
}

}  // namespace

Failure DescribeCurrentException() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const c10::OutOfMemoryError& error) {
    return OutOfMemory(error.what_without_backtrace());
  } catch (const c10::Error& error) {
    return FromTorch(error);
  } catch (const std::bad_alloc&) {
    return OutOfMemory("allocation failed");
  } catch (const std::exception& error) {
    return {ErrorCode::kEnvironment, std::string("unexpected native error: ") + error.what()};
  } catch (...) {
    return {ErrorCode::kEnvironment, "unexpected native error of unknown type"};
  }
}

}  // namespace torchner
