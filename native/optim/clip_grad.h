#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/numerics.h"

namespace torchner {

/**
 * Scales the gradients so that their joint 2-norm is at most `max_norm`, with the coefficient of
 * torch.nn.utils.clip_grad_norm_: min(1, max_norm / (norm + 1e-6)). Returns the norm before, float32 scalar;
 * zero without gradients.
 *
 * `kReference` takes torch's own steps. `kFast` on the CPU sums squares by runs, in float64 from run to run,
 * and leaves the scaling to the next step (see optim/gradient_scale.h).
 */
at::Tensor ClipGradNorm(const std::vector<at::Tensor>& gradients, double max_norm, Numerics numerics);

}  // namespace torchner
