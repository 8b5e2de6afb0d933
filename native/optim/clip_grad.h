#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace torchner {

/**
 * Scales the gradients so that their joint 2-norm is at most `max_norm`, with the arithmetic of
 * torch.nn.utils.clip_grad_norm_: the coefficient min(1, max_norm / (norm + 1e-6)) is always multiplied in.
 * Returns the norm before, float32 scalar; zero without gradients.
 */
at::Tensor ClipGradNorm(const std::vector<at::Tensor>& parameters, double max_norm);

}  // namespace torchner
