#include "io/rng_state.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cstring>

#include "core/error.h"

namespace torchner {

void ManualSeed(uint64_t seed) {
  at::manual_seed(seed);
}

void DrawBaseSeed() {
  at::empty({}, at::kLong).random_();
}

std::vector<int32_t> RandomPermutation(int64_t n) {
  // In int64, as in Python: the draws do not depend on the type, but nothing says so.
  const at::Tensor order = at::randperm(n, at::kLong).to(at::kInt);
  const int32_t* first = order.data_ptr<int32_t>();
  return {first, first + n};
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
  // libtorch's layout begins: uint64 seed, int32 left, int32 seeded, uint64 next. It indexes its 624 words by
  // `next` without a check. left + next is 625, except just after seeding.
  int32_t left = 0, seeded = 0;
  uint64_t next = 0;
  std::memcpy(&left, state.data() + 8, sizeof(left));
  std::memcpy(&seeded, state.data() + 12, sizeof(seeded));
  std::memcpy(&next, state.data() + 16, sizeof(next));
  const bool fresh = left == 1 && next == 0;
  if (seeded != 1 || left < 1 || left > 624 || (!fresh && next != static_cast<uint64_t>(625 - left))) {
    throw Error(ErrorCode::kArgument,
                "state: is not the state of a CPU generator; take one from getRngState().");
  }
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  generator.set_state(at::tensor(state, at::kByte));
}

}  // namespace torchner
