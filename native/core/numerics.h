#pragma once

#include <string>

namespace torchner {

/** `kFast`: the quickest products that are still float32. `kReference`: the path Python's torch takes. */
enum class Numerics { kFast, kReference };

/** Which product `kFast` uses on this CPU, and how far one product lies from float64. */
struct MatmulChoice {
  std::string backend;
  double relative_error;
};

/** Decides on first use by a self-test, since the setting means true bf16 on CPUs with AMX. Executor only. */
const MatmulChoice& FastMatmul();

/** Selects the products' path for its lifetime. libtorch's setting is global: executor only. */
class NumericsScope {
 public:
  explicit NumericsScope(Numerics numerics);
  ~NumericsScope();
  NumericsScope(const NumericsScope&) = delete;
  NumericsScope& operator=(const NumericsScope&) = delete;
};

}  // namespace torchner
