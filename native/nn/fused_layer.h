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

/** How a block is to be computed. */
struct LayerMode {
  /** Empty where nothing is dropped. */
  std::optional<kernels::Dropout> attention_dropout, attention_output_dropout, output_dropout;
  /** Of the linear layers' products; attention's are float32. */
  kernels::Precision precision = kernels::Precision::kFloat32;
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
                        const LayerMode& mode, LayerRecord* record);

struct LayerGradients {
  at::Tensor x;
  std::vector<at::Tensor> parameters;
};
LayerGradients BackwardLayer(const EncoderLayer& layer, const SequenceLayout& layout,
                             const LayerRecord& record, const LayerMode& mode, const at::Tensor& y_gradient);

}  // namespace torchner
