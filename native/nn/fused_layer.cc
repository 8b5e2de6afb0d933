#include "nn/fused_layer.h"

#include <ATen/ATen.h>

#include "core/parallel.h"
#include "nn/products.h"

namespace torchner {
namespace {

using kernels::Dropout;

/** Rows that a thread takes at once where rows are independent. */
constexpr int64_t kRowGrain = 16;

const Dropout* OrNull(const std::optional<Dropout>& dropout) {
  return dropout ? &*dropout : nullptr;
}

/** y = x W^T + b. */
ProductChain Project(const at::Tensor& x, const Linear& linear, const at::Tensor& y) {
  const bool packed = linear.packed.defined();
  const kernels::Operand weight = packed ? kernels::Operand{} : Transposed(linear.weight);
  kernels::Product product = MakeProduct(AsIs(x), weight, x.size(1), y, linear.bias);
  if (packed) product.packed = linear.packed.const_data_ptr<float>();
  return {{product}};
}

/** The gradient that reaches x by way of x W^T. */
kernels::Product ProjectBack(const at::Tensor& y_gradient, const Linear& linear,
                             const at::Tensor& x_gradient) {
  return MakeProduct(AsIs(y_gradient), AsIs(linear.weight), y_gradient.size(1), x_gradient);
}

struct Normalized {
  at::Tensor y, reciprocal;
};

/** LayerNorm(drop(x) + residual); x becomes the normalised rows. */
Normalized AddAndNorm(const at::Tensor& x, const at::Tensor& residual, const LayerNorm& norm,
                      const Dropout* dropout) {
  Normalized normalized{MakeRows(x.size(0), x.size(1)), at::empty({x.size(0)}, at::kFloat)};
  const kernels::NormForward work{.columns = x.size(1),
                                  .x = RowsOf(x),
                                  .residual = RowsOf(residual),
                                  .weight = norm.weight.const_data_ptr<float>(),
                                  .bias = norm.bias.const_data_ptr<float>(),
                                  .eps = static_cast<float>(norm.eps),
                                  .dropout = dropout,
                                  .y = RowsOf(normalized.y),
                                  .reciprocal = normalized.reciprocal.mutable_data_ptr<float>()};
  ParallelRanges(x.size(0), kRowGrain,
                 [&](int64_t begin, int64_t end) { kernels::Selected().norm_forward(work, begin, end); });
  return normalized;
}

struct NormGradients {
  /** Of the sum that was normalised, and of what was dropped out before it was added. */
  at::Tensor sum, x;
};

NormGradients NormBack(const at::Tensor& y_gradient, const at::Tensor& normalized,
                       const at::Tensor& reciprocal, const LayerNorm& norm, const Dropout* dropout) {
  const int64_t rows = y_gradient.size(0), columns = y_gradient.size(1);
  NormGradients gradients;
  gradients.sum = MakeRows(rows, columns);
  gradients.x = dropout ? MakeRows(rows, columns) : gradients.sum;
  const kernels::NormBackward work{.columns = columns,
                                   .y_gradient = RowsOf(y_gradient),
                                   .normalized = RowsOf(normalized),
                                   .reciprocal = reciprocal.const_data_ptr<float>(),
                                   .weight = norm.weight.const_data_ptr<float>(),
                                   .dropout = dropout,
                                   .sum_gradient = RowsOf(gradients.sum),
                                   .x_gradient = RowsOf(gradients.x)};
  ParallelRanges(rows, kRowGrain,
                 [&](int64_t begin, int64_t end) { kernels::Selected().norm_backward(work, begin, end); });
  return gradients;
}

/** Sums over rows, the gradients of biases and norms, to be found while their operands are still whole. */
class ColumnSumList {
 public:
  /** [columns]: of x, or of x * y where y is defined. */
  at::Tensor Add(const at::Tensor& x, const at::Tensor& y = {}) {
    const at::Tensor sums = at::empty({x.size(1)}, at::kFloat);
    sums_.push_back({.rows = x.size(0),
                     .x = RowsOf(x),
                     .y = y.defined() ? kernels::ConstMatrix(RowsOf(y)) : kernels::ConstMatrix(nullptr, 0),
                     .sums = sums.mutable_data_ptr<float>(),
                     .add = false});
    columns_.push_back(x.size(1));
    return sums;
  }
  void Run() {
    constexpr int64_t kGrain = 128;
    for (size_t i = 0; i < sums_.size(); ++i) {
      ParallelRanges(columns_[i], kGrain, [&](int64_t begin, int64_t end) {
        kernels::Selected().column_sums(sums_[i], begin, end);
      });
    }
    sums_.clear();
    columns_.clear();
  }

 private:
  std::vector<kernels::ColumnSums> sums_;
  std::vector<int64_t> columns_;
};

kernels::Attention AttentionWork(const EncoderLayer& layer, const SequenceLayout& layout,
                                 const LayerRecord& record, const Dropout* dropout) {
  const bool keeps_sums = record.log_sums.defined();
  return {.starts = layout.starts.data(),
          .longest = layout.width,
          .heads = layer.attention.heads,
          .head_size = record.query.size(1) / layer.attention.heads,
          .query = RowsOf(record.query),
          .key = RowsOf(record.key),
          .value = RowsOf(record.value),
          .dropout = dropout,
          .context = RowsOf(record.context),
          .log_sums = keeps_sums ? record.log_sums.mutable_data_ptr<float>() : nullptr};
}

/** Calls work(sequence, head, scratch) for all of them. */
template <typename Work>
void EachHead(const SequenceLayout& layout, int64_t heads, Work work) {
  const int64_t sequences = static_cast<int64_t>(layout.starts.size()) - 1;
  ParallelTasks(sequences * heads, [&](int64_t task) {
    work(task / heads, task % heads, ThreadScratch(kernels::AttentionScratch(layout.width)));
  });
}

void AttendForward(const EncoderLayer& layer, const SequenceLayout& layout, const at::Tensor& x,
                   const LayerMode& mode, LayerRecord& record) {
  for (at::Tensor* projected : {&record.query, &record.key, &record.value, &record.context}) {
    *projected = MakeRows(x.size(0), x.size(1));
  }
  const SelfAttention& attention = layer.attention;
  Multiply(mode.precision, {Project(x, attention.query, record.query), Project(x, attention.key, record.key),
                            Project(x, attention.value, record.value)});
  const kernels::Attention work = AttentionWork(layer, layout, record, OrNull(mode.attention_dropout));
  EachHead(layout, attention.heads, [&](int64_t sequence, int64_t head, float* scratch) {
    kernels::Selected().attend(work, sequence, head, scratch);
  });
}

kernels::ActivationKind KindOf(Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return kernels::ActivationKind::kGelu;
    case Activation::kGeluTanh:
      return kernels::ActivationKind::kGeluTanh;
    case Activation::kRelu:
      return kernels::ActivationKind::kRelu;
  }
  return kernels::ActivationKind::kGelu;
}

/** inner = f(mixed W^T + b); `slope` holds f' afterwards where it is another tensor than `inner`. */
void Expand(const EncoderLayer& layer, const LayerMode& mode, const at::Tensor& mixed,
            const at::Tensor& slope, const at::Tensor& inner) {
  const kernels::Matrix before = RowsOf(slope), after = RowsOf(inner);
  ProductChain chain = Project(mixed, layer.intermediate, slope);
  chain.finish = [&](const Tile& tile) {
    const int64_t from = tile.row * before.stride + tile.column;
    const int64_t to = tile.row * after.stride + tile.column;
    const kernels::Activate work{.kind = KindOf(layer.activation),
                                 .columns = tile.columns,
                                 .x = {before.data + from, before.stride},
                                 .y = {after.data + to, after.stride},
                                 .keep_derivative = before.data != after.data};
    kernels::Selected().activate(work, 0, tile.rows);
  };
  Multiply(mode.precision, {chain});
}

/** x_gradient = y_gradient W, times `factor` element by element. */
ProductChain ProjectBackTimes(const at::Tensor& y_gradient, const Linear& linear,
                              const at::Tensor& x_gradient, const at::Tensor& factor) {
  ProductChain chain{{ProjectBack(y_gradient, linear, x_gradient)}};
  chain.finish = [to = RowsOf(x_gradient), by = RowsOf(factor)](const Tile& tile) {
    const kernels::MultiplyRows work{
        .columns = tile.columns,
        .x = {to.data + tile.row * to.stride + tile.column, to.stride},
        .y = kernels::Matrix{by.data + tile.row * by.stride + tile.column, by.stride}};
    kernels::Selected().multiply_rows(work, 0, tile.rows);
  };
  return chain;
}

/** The chain that finds the gradient of W in x W^T, [out, in]. */
ProductChain WeightGradient(const at::Tensor& y_gradient, const at::Tensor& x, at::Tensor& gradient) {
  gradient = at::empty({y_gradient.size(1), x.size(1)}, at::kFloat);
  return {{MakeProduct(Transposed(y_gradient), AsIs(x), x.size(0), gradient)}};
}

}  // namespace

std::vector<at::Tensor> ParametersOf(const EncoderLayer& layer) {
  const SelfAttention& attention = layer.attention;
  return {attention.query.weight,    attention.query.bias,      attention.key.weight,
          attention.key.bias,        attention.value.weight,    attention.value.bias,
          attention.output.weight,   attention.output.bias,     layer.attention_norm.weight,
          layer.attention_norm.bias, layer.intermediate.weight, layer.intermediate.bias,
          layer.output.weight,       layer.output.bias,         layer.output_norm.weight,
          layer.output_norm.bias};
}

at::Tensor ForwardLayer(const EncoderLayer& layer, const SequenceLayout& layout, const at::Tensor& x,
                        const LayerMode& mode, LayerRecord* record) {
  const int64_t tokens = x.size(0), hidden = x.size(1), inner = layer.intermediate.bias.size(0);
  LayerRecord own;
  LayerRecord& kept = record ? *record : own;
  kept.x = x;
  if (record) kept.log_sums = at::empty({tokens, layer.attention.heads}, at::kFloat);
  AttendForward(layer, layout, x, mode, kept);

  kept.attended = MakeRows(tokens, hidden);
  Multiply(mode.precision, {Project(kept.context, layer.attention.output, kept.attended)});
  const Normalized mixed =
      AddAndNorm(kept.attended, x, layer.attention_norm, OrNull(mode.attention_output_dropout));
  kept.attended_reciprocal = mixed.reciprocal;
  kept.mixed = mixed.y;

  kept.inner = MakeRows(tokens, inner);
  kept.slope = record ? MakeRows(tokens, inner) : kept.inner;
  Expand(layer, mode, kept.mixed, kept.slope, kept.inner);

  kept.expanded = MakeRows(tokens, hidden);
  Multiply(mode.precision, {Project(kept.inner, layer.output, kept.expanded)});
  const Normalized result =
      AddAndNorm(kept.expanded, kept.mixed, layer.output_norm, OrNull(mode.output_dropout));
  kept.expanded_reciprocal = result.reciprocal;
  return result.y;
}

LayerGradients BackwardLayer(const EncoderLayer& layer, const SequenceLayout& layout,
                             const LayerRecord& record, const LayerMode& mode, const at::Tensor& y_gradient) {
  const int64_t tokens = record.x.size(0), hidden = record.x.size(1);
  const SelfAttention& attention = layer.attention;
  ColumnSumList sums;
  at::Tensor query_weight, key_weight, value_weight, mix_weight, inner_weight, output_weight;

  const NormGradients output = NormBack(y_gradient, record.expanded, record.expanded_reciprocal,
                                        layer.output_norm, OrNull(mode.output_dropout));
  const at::Tensor output_norm_weight = sums.Add(y_gradient, record.expanded);
  const at::Tensor output_norm_bias = sums.Add(y_gradient);
  const at::Tensor output_bias = sums.Add(output.x);

  const at::Tensor inner = MakeRows(tokens, record.inner.size(1));
  Multiply(mode.precision, {ProjectBackTimes(output.x, layer.output, inner, record.slope),
                            WeightGradient(output.x, record.inner, output_weight)});
  const at::Tensor inner_bias = sums.Add(inner);

  // Without dropout `output.x` is `output.sum`, which is added to next.
  sums.Run();
  const at::Tensor& mixed = output.sum;
  kernels::Product into_mixed = ProjectBack(inner, layer.intermediate, mixed);
  into_mixed.add = true;
  // The weight's chain reads `inner` and `record.mixed` alone, so the two may run side by side.
  Multiply(mode.precision, {{{into_mixed}}, WeightGradient(inner, record.mixed, inner_weight)});

  const NormGradients attended = NormBack(mixed, record.attended, record.attended_reciprocal,
                                          layer.attention_norm, OrNull(mode.attention_output_dropout));
  const at::Tensor attention_norm_weight = sums.Add(mixed, record.attended);
  const at::Tensor attention_norm_bias = sums.Add(mixed);
  const at::Tensor mix_bias = sums.Add(attended.x);

  const at::Tensor context = MakeRows(tokens, hidden);
  Multiply(mode.precision, {{{ProjectBack(attended.x, attention.output, context)}},
                            WeightGradient(attended.x, record.context, mix_weight)});

  const at::Tensor query = MakeRows(tokens, hidden), key = MakeRows(tokens, hidden),
                   value = MakeRows(tokens, hidden);
  const kernels::AttentionBackward work{
      .forward = AttentionWork(layer, layout, record, OrNull(mode.attention_dropout)),
      .context_gradient = RowsOf(context),
      .query_gradient = RowsOf(query),
      .key_gradient = RowsOf(key),
      .value_gradient = RowsOf(value)};
  EachHead(layout, attention.heads, [&](int64_t sequence, int64_t head, float* scratch) {
    kernels::Selected().attend_backward(work, sequence, head, scratch);
  });
  const at::Tensor query_bias = sums.Add(query), key_bias = sums.Add(key), value_bias = sums.Add(value);

  sums.Run();
  const at::Tensor& x = attended.sum;
  ProductChain into_x{{ProjectBack(query, attention.query, x), ProjectBack(key, attention.key, x),
                       ProjectBack(value, attention.value, x)}};
  into_x.products.front().add = true;
  Multiply(mode.precision,
           {into_x, WeightGradient(query, record.x, query_weight), WeightGradient(key, record.x, key_weight),
            WeightGradient(value, record.x, value_weight)});

  return {x,
          {query_weight, query_bias, key_weight, key_bias, value_weight, value_bias, mix_weight, mix_bias,
           attention_norm_weight, attention_norm_bias, inner_weight, inner_bias, output_weight, output_bias,
           output_norm_weight, output_norm_bias}};
}

}  // namespace torchner
