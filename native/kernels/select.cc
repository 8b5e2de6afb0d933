#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "kernels/kernels.h"

namespace torchner::kernels {

#if defined(__x86_64__)
namespace avx512_bf16 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
namespace avx2 {
extern const Kernels kTable;
}
#endif
namespace baseline {
extern const Kernels kTable;
}
namespace reference {
extern const Kernels kTable;
}

std::vector<const Kernels*> Available() {
  std::vector<const Kernels*> available;
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512vl");
  if (has_avx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni"))
    available.push_back(&avx512_bf16::kTable);
  if (has_avx512) available.push_back(&avx512::kTable);
  if (has_avx2) available.push_back(&avx2::kTable);
#endif
  available.push_back(&baseline::kTable);
  available.push_back(&reference::kTable);
  return available;
}

bool HasMatrixUnit() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("amx-bf16");
#else
  return false;
#endif
}

namespace {

const Kernels& Choose() {
  const std::vector<const Kernels*> available = Available();
  const char* named = std::getenv("TORCHNER_KERNELS");
  if (!named || !*named) {
    return **std::find_if(available.begin(), available.end() - 1,
                          [](const Kernels* kernels) { return MultipliesRight(*kernels); });
  }
  std::string names;
  for (const Kernels* kernels : available) {
    if (named == std::string(kernels->name)) return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw std::invalid_argument("TORCHNER_KERNELS=" + std::string(named) +
                              " names no kernels that this CPU can run; give one of " + names + ".");
}

}  // namespace

const Kernels& Selected() {
  static const Kernels& selected = Choose();
  return selected;
}

}  // namespace torchner::kernels
