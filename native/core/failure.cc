#include "core/failure.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#endif

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
#ifdef ONEAPI_DNNL_DNNL_HPP
  } catch (const dnnl::error& error) {
    // The message says which step failed; only the status says why.
    const std::string message = std::string("oneDNN: ") + error.what();
    if (error.status == dnnl_out_of_memory) return OutOfMemory(message);
    return {ErrorCode::kEnvironment, message};
#endif
  } catch (const std::exception& error) {
    return {ErrorCode::kEnvironment, std::string("unexpected native error: ") + error.what()};
  } catch (...) {
    return {ErrorCode::kEnvironment, "unexpected native error of unknown type"};
  }
}

}  // namespace torchner
