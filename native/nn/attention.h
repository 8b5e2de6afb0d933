#pragma once

#include <ATen/core/Tensor.h>

#include "nn/layers.h"
#include "nn/layout.h"

namespace torchner {

/** Multi-head self-attention with separate projections, without the residual. [tokens, hidden] in and out. */
struct SelfAttention {
  Linear query, key, value, output;
  int64_t heads;
  double dropout;

  at::Tensor operator()(const at::Tensor& x, const SequenceLayout& layout, bool training) const;
};

}  // namespace torchner
