#include "nn/layout.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace torchner {
namespace {

at::Tensor ToDevice(const std::vector<int64_t>& values, c10::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

std::vector<int64_t> Gather(const std::vector<int64_t>& values, const std::vector<int64_t>& cells) {
  std::vector<int64_t> gathered(cells.size());
  std::transform(cells.begin(), cells.end(), gathered.begin(), [&](int64_t cell) { return values[cell]; });
  return gathered;
}

bool HasPadding(const Batch& batch) {
  return std::find(batch.attention_mask.begin(), batch.attention_mask.end(), 0) != batch.attention_mask.end();
}

// No mask at all where every cell is real, as transformers does: the attention kernel then differs in bits.
at::Tensor KeyMask(const Batch& batch, c10::Device device) {
  if (!HasPadding(batch)) return {};
  return ToDevice(batch.attention_mask, device).to(at::kBool).view({batch.rows, 1, 1, batch.width});
}

LaidOutBatch Padded(const Batch& batch, c10::Device device) {
  const int64_t cells = batch.rows * batch.width;
  return {
      .layout = {.kind = LayoutKind::kPadded,
                 .rows = batch.rows,
                 .width = batch.width,
                 .cells = {},
                 .positions = at::arange(batch.width, at::TensorOptions(at::kLong).device(device)),
                 .starts = {},
                 .key_mask = KeyMask(batch, device)},
      .input_ids = ToDevice(batch.input_ids, device),
      .token_type_ids = batch.token_type_ids.empty()
                            ? at::zeros({cells}, at::TensorOptions(at::kLong).device(device))
                            : ToDevice(batch.token_type_ids, device),
      .labels = batch.labels.empty() ? at::Tensor() : ToDevice(batch.labels, device),
  };
}

LaidOutBatch Packed(const Batch& batch, c10::Device device) {
  std::vector<int64_t> cells, positions, starts;
  for (int64_t cell = 0; cell < batch.rows * batch.width; ++cell) {
    if (cell % batch.width == 0) starts.push_back(static_cast<int64_t>(cells.size()));
    if (!batch.attention_mask.empty() && batch.attention_mask[cell] == 0) continue;
    cells.push_back(cell);
    positions.push_back(cell % batch.width);
  }
  starts.push_back(static_cast<int64_t>(cells.size()));
  const std::vector<int64_t> types = batch.token_type_ids.empty() ? std::vector<int64_t>(cells.size(), 0)
                                                                  : Gather(batch.token_type_ids, cells);
  return {
      .layout = {.kind = LayoutKind::kPacked,
                 .rows = batch.rows,
                 .width = batch.width,
                 .cells = ToDevice(cells, device),
                 .positions = ToDevice(positions, device),
                 .starts = std::move(starts),
                 .key_mask = KeyMask(batch, device)},
      .input_ids = ToDevice(Gather(batch.input_ids, cells), device),
      .token_type_ids = ToDevice(types, device),
      .labels = batch.labels.empty() ? at::Tensor() : ToDevice(Gather(batch.labels, cells), device),
  };
}

}  // namespace

LaidOutBatch LayOut(const Batch& batch, LayoutKind kind, c10::Device device) {
  return kind == LayoutKind::kPacked ? Packed(batch, device) : Padded(batch, device);
}

at::Tensor ToPadded(const SequenceLayout& layout, const at::Tensor& tokens) {
  const int64_t columns = tokens.size(-1);
  if (layout.kind == LayoutKind::kPadded || !layout.key_mask.defined()) {
    return tokens.view({layout.rows, layout.width, columns});
  }
  return at::zeros({layout.rows * layout.width, columns}, tokens.options())
      .index_copy(0, layout.cells, tokens)
      .view({layout.rows, layout.width, columns});
}

at::Tensor FromPadded(const SequenceLayout& layout, const at::Tensor& padded) {
  const at::Tensor cells = padded.reshape({layout.rows * layout.width, padded.size(-1)});
  if (layout.kind == LayoutKind::kPadded || !layout.key_mask.defined()) return cells;
  return cells.index_select(0, layout.cells);
}

}  // namespace torchner
