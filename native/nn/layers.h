#pragma once

#include <ATen/core/Tensor.h>

#include "nn/config.h"

namespace torchner {

/** y = x W^T + b on rows: [tokens, in] -> [tokens, out]. */
struct Linear {
  at::Tensor weight, bias;
  /** In place of `weight`, which is undefined then, in a model that was packed for inference. */
  at::Tensor packed = {};
  at::Tensor operator()(const at::Tensor& x) const;
};

/** Layer normalisation over the last dimension. */
struct LayerNorm {
  at::Tensor weight, bias;
  double eps;
  at::Tensor operator()(const at::Tensor& x) const;
};

at::Tensor Activate(Activation activation, const at::Tensor& x);

}  // namespace torchner
