#pragma once

#include <ATen/core/Tensor.h>

namespace torchner {

/**
 * Mean cross entropy of float `scores` [tokens, labels] over the tokens whose label is not -100, float32
 * scalar.
 *
 * With `smoothing` e > 0, the loss of transformers' LabelSmoother, operation by operation: 1 - e of the
 * label's negative log probability and e of the mean over all labels (Szegedy et al., 2016).
 */
at::Tensor TokenLoss(const at::Tensor& scores, const at::Tensor& labels, double smoothing);

}  // namespace torchner
