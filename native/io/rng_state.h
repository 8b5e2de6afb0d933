#pragma once

#include <cstdint>
#include <vector>

namespace torchner {

/** Seeds libtorch's CPU generator and, where there are any, all CUDA generators (torch.manual_seed). */
void ManualSeed(uint64_t seed);

/** Draws one int64 from the CPU generator and drops it, as each iteration of a torch DataLoader begins. */
void DrawBaseSeed();

/** torch.randperm(n): 0 .. n - 1 in an order drawn from the CPU generator. */
std::vector<int32_t> RandomPermutation(int64_t n);

/** The CPU generator's state as torch.get_rng_state() gives it. */
std::vector<uint8_t> GetRngState();
/** Throws kArgument where the bytes are no such state. */
void SetRngState(const std::vector<uint8_t>& state);

}  // namespace torchner
