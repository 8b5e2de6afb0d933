#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

/**
 * Clipping multiplies all gradients by one number; the optimizer's step that follows can do that while it
 * reads them, which saves a pass over all of them. The number waits here, at most one at a time, until the
 * gradients are dropped, or until somebody is about to look at them or add to them and calls
 * `SettleGradientScale` first. Gradients are not kept alive. Executor only.
 */
namespace torchner {

/** From now on these gradients count as multiplied by `scale`. */
void ScaleLater(const std::vector<at::Tensor>& gradients, float scale);

/** What these gradients are still to be multiplied by. Others that wait are settled: one number is kept. */
float WaitingGradientScale(const std::vector<at::Tensor>& gradients);

/** Multiplies what waits into its gradients. */
void SettleGradientScale();

/** Forgets what waits for these gradients, which are about to be dropped. */
void DropGradientScale(const std::vector<at::Tensor>& gradients);

}  // namespace torchner
