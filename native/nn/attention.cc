#include "nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

namespace torchner {

at::Tensor SelfAttention::operator()(const at::Tensor& x, const SequenceLayout& layout, bool training) const {
  const int64_t head_size = x.size(-1) / heads;
  // [tokens, hidden] -> [rows, heads, width, head_size]
  const auto split = [&](const at::Tensor& tokens) {
    return ToPadded(layout, tokens).view({layout.rows, layout.width, heads, head_size}).transpose(1, 2);
  };
  // Projected in this order, so that gradients of the shared input are summed as in transformers.
  const at::Tensor q = split(query(x)), k = split(key(x)), v = split(value(x));

  std::optional<at::Tensor> mask;
  if (layout.key_mask.defined()) {
    mask = layout.key_mask.expand({layout.rows, 1, layout.width, layout.width});
  }
  const at::Tensor context =
      at::scaled_dot_product_attention(q, k, v, mask, training ? dropout : 0.0, /*is_causal=*/false,
                                       1.0 / std::sqrt(static_cast<double>(head_size)));
  const at::Tensor rows = context.transpose(1, 2).contiguous().view({layout.rows, layout.width, x.size(-1)});
  return output(FromPadded(layout, rows));
}

}  // namespace torchner
