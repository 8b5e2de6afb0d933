#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "kernels/kernels.h"
#include "nn/encoder.h"

/**
 * A transformer block on the kernels of native/kernels: the formulas of `EncoderLayer`, with forward and
 * backward written out so that each step runs where its operands already lie in a cache.
 */
namespace torchner {

/** The places in a block that drop; empty where none does. */
struct LayerDropouts {
  std::optional<kernels::Dropout> attention, attention_output, output;
};

/** What backward needs of one forward pass; float32 [tokens, n] unless said otherwise. */
struct LayerRecord {
  at::Tensor x, query, key, value, context;
  /** [tokens, heads] */
  at::Tensor log_sums;
  /** Rows of the attention block's sum, normalised; 1 / standard deviation of each, [tokens]. */
  at::Tensor attended, attended_reciprocal;
  at::Tensor mixed;
  /** The activation's derivative and value, [tokens, intermediate]. */
  at::Tensor slope, inner;
  at::Tensor expanded, expanded_reciprocal;
};

/** The parameters of a block in the order in which `BackwardLayer` returns their gradients. */
std::vector<at::Tensor> ParametersOf(const EncoderLayer& layer);

/** y [tokens, hidden]. Without a record nothing is kept for backward. */
at::Tensor ForwardLayer(const EncoderLayer& layer, const SequenceLayout& layout, const at::Tensor& x,
                        const LayerDropouts& dropouts, LayerRecord* record);

struct LayerGradients {
  at::Tensor x;
  std::vector<at::Tensor> parameters;
};
LayerGradients BackwardLayer(const EncoderLayer& layer, const SequenceLayout& layout,
                             const LayerRecord& record, const LayerDropouts& dropouts,
                             const at::Tensor& y_gradient);

}  // namespace torchner
