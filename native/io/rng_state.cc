#include "io/rng_state.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"

namespace torchner {

void ManualSeed(uint64_t seed) {
  at::manual_seed(seed);
}

void DrawBaseSeed() {
  at::empty({}, at::kLong).random_();
}

std::vector<uint8_t> GetRngState() {
  const at::Tensor state = at::detail::getDefaultCPUGenerator().get_state();
  const uint8_t* bytes = state.data_ptr<uint8_t>();
  return {bytes, bytes + state.numel()};
}

void SetRngState(const std::vector<uint8_t>& state) {
  const size_t expected = static_cast<size_t>(at::detail::getDefaultCPUGenerator().get_state().numel());
  if (state.size() != expected) {
    throw Error(ErrorCode::kArgument, "state: expected " + std::to_string(expected) +
                                          " bytes of a CPU generator's state, got " +
                                          std::to_string(state.size()) + ".");
  }
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  generator.set_state(at::tensor(state, at::kByte));
}

}  // namespace torchner
