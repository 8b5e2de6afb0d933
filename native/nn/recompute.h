#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace torchner {

/**
 * `block(x)`, of which only `x` is kept for backward: the block runs again there (gradient checkpointing;
 * Chen et al., 2016). It then draws the same random numbers and casts as the first time, and leaves the
 * generator as it finds it, so losses, gradients and all later draws have the bits of a pass that keeps
 * everything.
 *
 * `block` is held by the graph: it must own what it uses. Without grad mode this is just `block(x)`.
 */
at::Tensor Recomputed(std::function<at::Tensor(const at::Tensor&)> block, const at::Tensor& x);

}  // namespace torchner
