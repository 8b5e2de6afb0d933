#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nn/attention.h"
#include "nn/config.h"
#include "nn/layers.h"
#include "nn/layout.h"

namespace torchner {

/** Word (+ token type) + position embeddings, normalised and dropped out. */
struct Embeddings {
  at::Tensor words, positions;
  /** Undefined where the family has no token types. */
  at::Tensor token_types;
  LayerNorm norm;
  int64_t padding_id;
  double dropout;

  /** -> float32 [tokens, hidden] */
  at::Tensor operator()(const LaidOutBatch& batch, bool training) const;
};

/** One post-norm transformer block (Vaswani et al., 2017). */
struct EncoderLayer {
  SelfAttention attention;
  LayerNorm attention_norm;
  Linear intermediate, output;
  LayerNorm output_norm;
  Activation activation;
  double attention_output_dropout, output_dropout;

  at::Tensor operator()(const at::Tensor& x, const SequenceLayout& layout, bool training) const;
};

struct Encoder {
  Embeddings embeddings;
  std::vector<EncoderLayer> layers;

  /** `recompute`: keep each layer's input alone for backward, and run the layer again there. */
  at::Tensor operator()(const LaidOutBatch& batch, bool training, bool recompute) const;
};

}  // namespace torchner
