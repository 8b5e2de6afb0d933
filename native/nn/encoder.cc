#include "nn/encoder.h"

#include <ATen/ATen.h>

#include "nn/recompute.h"

namespace torchner {

at::Tensor Embeddings::operator()(const LaidOutBatch& batch, bool training) const {
  const int64_t hidden = words.size(1);
  at::Tensor x = at::embedding(words, batch.input_ids, padding_id);
  if (token_types.defined()) x = x + at::embedding(token_types, batch.token_type_ids);
  // One row of positions is shared by all sequences when padded, so its gradient is summed as transformers
  // does.
  const at::Tensor position_rows = at::embedding(positions, batch.layout.positions);
  x = (x.view({-1, position_rows.size(0), hidden}) + position_rows.unsqueeze(0)).view({-1, hidden});
  return at::dropout(norm(x), dropout, training);
}

at::Tensor EncoderLayer::operator()(const at::Tensor& x, const SequenceLayout& layout, bool training) const {
  const at::Tensor attended = at::dropout(attention(x, layout, training), attention_output_dropout, training);
  const at::Tensor mixed = attention_norm(attended + x);
  const at::Tensor inner = Activate(activation, intermediate(mixed));
  return output_norm(at::dropout(output(inner), output_dropout, training) + mixed);
}

at::Tensor Encoder::operator()(const LaidOutBatch& batch, bool training, bool recompute) const {
  at::Tensor x = embeddings(batch, training);
  for (const EncoderLayer& layer : layers) {
    if (!recompute) {
      x = layer(x, batch.layout, training);
      continue;
    }
    // Copies, since the graph may outlive the model; they share the tensors.
    x = Recomputed([layer, layout = batch.layout,
                    training](const at::Tensor& input) { return layer(input, layout, training); },
                   x);
  }
  return x;
}

}  // namespace torchner
