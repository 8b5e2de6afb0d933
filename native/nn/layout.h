#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/batch.h"

namespace torchner {

enum class LayoutKind {
  /** Only real tokens, one sequence after the other. */
  kPacked,
  /** Every cell of [rows, width]; padding is computed and masked. */
  kPadded,
};

/**
 * How a batch's tokens lie in the [tokens, hidden] matrices of the encoder.
 *
 * Embeddings, linear layers, LayerNorm and the loss never ask; attention does, and so does the order of
 * dropout's draws, which follows the shape. A token keeps its column of the batch as its position in both
 * layouts.
 */
struct SequenceLayout {
  LayoutKind kind;
  int64_t rows;
  int64_t width;
  /** Packed: the cell (row * width + column) of each token, int64 [tokens]. Padded: undefined. */
  at::Tensor cells;
  /** Columns for the position embeddings: [tokens] when packed, [width] (shared by all rows) when padded. */
  at::Tensor positions;
  /** Packed: the first token of each row, and the end of the last one, on the host. Padded: empty. */
  std::vector<int64_t> starts;
  /** true = may be attended to, bool [rows, 1, 1, width]; undefined where no cell is padding. */
  at::Tensor key_mask;
};

/** The layout of a batch and its host fields laid out accordingly, on the model's device. */
struct LaidOutBatch {
  SequenceLayout layout;
  at::Tensor input_ids;       // int64 [tokens]
  at::Tensor token_type_ids;  // int64 [tokens]
  at::Tensor labels;          // int64 [tokens]; undefined without labels
};
LaidOutBatch LayOut(const Batch& batch, LayoutKind kind, c10::Device device);

/** [tokens, n] -> [rows, width, n]; zeros at padding when packed. Differentiable. */
at::Tensor ToPadded(const SequenceLayout& layout, const at::Tensor& tokens);

/** The inverse: [rows, width, n] -> [tokens, n]. Differentiable. */
at::Tensor FromPadded(const SequenceLayout& layout, const at::Tensor& padded);

}  // namespace torchner
