#pragma once

#include <cstdio>
#include <cstdlib>

/** What must be true of everything that a reader accepts; where it is not, the fuzzer keeps the input. */
inline void Require(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "accepted, although not so: %s\n", what);
  std::abort();
}
