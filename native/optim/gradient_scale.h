#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

/**
 * Clipping multiplies all gradients by one number; the optimizer's step that follows can do that while it
 * reads them, which saves a pass over all of them. The number waits here, at most one at a time, and whoever
 * looks at gradients or adds to them calls `SettleGradientScale` first. Executor only.
 */
namespace torchner {

/** From now on these gradients count as multiplied by `scale`. */
void ScaleLater(std::vector<at::Tensor> gradients, float scale);

/** The number that waits for exactly these gradients, which the caller now applies; 1 where there is none. */
float TakeGradientScale(const std::vector<at::Tensor>& gradients);

/** Multiplies what waits into its gradients. */
void SettleGradientScale();

}  // namespace torchner
