#include "nn/fused_encoder.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <cmath>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "nn/fused_layer.h"
#include "nn/products.h"

namespace torchner {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

uint64_t DrawKey() {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  std::lock_guard lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

/** Dropout with probability p at one place of the model; empty where nothing is dropped. */
std::optional<kernels::Dropout> DropoutAt(uint64_t key, int64_t place, double p) {
  constexpr double kDraws = 65536;
  const double threshold = std::round(p * kDraws);
  if (threshold <= 0) return {};
  return kernels::Dropout{
      .key = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)},
      .stream = static_cast<uint32_t>(place),
      .threshold = static_cast<uint32_t>(threshold),
      .scale = threshold < kDraws ? static_cast<float>(kDraws / (kDraws - threshold)) : 0.0f};
}

/** A copy with gaps between rows. */
at::Tensor CopyOfRows(const at::Tensor& x) {
  const at::Tensor copy = MakeRows(x.size(0), x.size(1));
  copy.copy_(x);
  return copy;
}

/** In place; multiplies by the same factors whenever it is called. */
void ApplyDropout(const at::Tensor& x, const std::optional<kernels::Dropout>& dropout) {
  if (!dropout) return;
  constexpr int64_t kGrain = 32;
  const kernels::Drop work{.columns = x.size(1), .x = RowsOf(x), .dropout = *dropout};
  ParallelRanges(x.size(0), kGrain,
                 [&](int64_t begin, int64_t end) { kernels::Selected().drop(work, begin, end); });
}

/** One forward pass from the embeddings to the classifier, and what it leaves for backward. */
struct Pass : torch::CustomClassHolder {
  std::vector<EncoderLayer> layers;
  double embedding_dropout = 0;
  SequenceLayout layout;
  uint64_t key = 0;
  FusedOptions options;
  std::vector<LayerRecord> records;

  LayerMode ModeOf(size_t index) const {
    LayerMode mode;
    mode.precision = options.precision;
    if (!options.training) return mode;
    constexpr int64_t kPlaces = 3;
    const EncoderLayer& layer = layers[index];
    const int64_t first = static_cast<int64_t>(index) * kPlaces;
    mode.attention_dropout = DropoutAt(key, first, layer.attention.dropout);
    mode.attention_output_dropout = DropoutAt(key, first + 1, layer.attention_output_dropout);
    mode.output_dropout = DropoutAt(key, first + 2, layer.output_dropout);
    return mode;
  }

  std::optional<kernels::Dropout> DropoutBefore() const { return DropoutAround(-2, embedding_dropout); }
  std::optional<kernels::Dropout> DropoutBehind() const { return DropoutAround(-1, options.output_dropout); }

  at::Tensor Forward(const at::Tensor& embedded, bool keep) {
    at::Tensor x = CopyOfRows(embedded);
    ApplyDropout(x, DropoutBefore());
    if (keep) records.resize(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      const at::Tensor y =
          ForwardLayer(layers[i], layout, x, ModeOf(i), keep && !options.recompute ? &records[i] : nullptr);
      if (keep) records[i].x = x;
      x = y;
    }
    // No layer has kept its own result.
    ApplyDropout(x, DropoutBehind());
    return x;
  }

  LayerGradients Backward(size_t index, const at::Tensor& y_gradient) {
    if (layers[index].attention.query.weight.dim() != 2) {
      throw Error(ErrorCode::kState, "backward: the model was packed for inference since its forward pass.");
    }
    if (!records[index].x.defined()) {
      throw Error(ErrorCode::kState, "backward: this pass went backward already; run forward again.");
    }
    LayerRecord record = std::exchange(records[index], {});
    if (options.recompute) ForwardLayer(layers[index], layout, record.x, ModeOf(index), &record);
    return BackwardLayer(layers[index], layout, record, ModeOf(index), y_gradient);
  }

 private:
  std::optional<kernels::Dropout> DropoutAround(int64_t place, double p) const {
    return options.training ? DropoutAt(key, place, p) : std::nullopt;
  }
};

/** libtorch calls both without grad mode. */
struct EncodeLayers : torch::autograd::Function<EncodeLayers> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList,
                            const c10::intrusive_ptr<Pass>& pass) {
    context->saved_data["pass"] = c10::IValue::make_capsule(pass);
    return pass->Forward(x, /*keep=*/true);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto pass = c10::static_intrusive_pointer_cast<Pass>(context->saved_data["pass"].toCapsule());
    const size_t layers = pass->layers.size();
    const size_t each = layers > 0 ? ParametersOf(pass->layers.front()).size() : 0;
    // x, the parameters, and the pass, which has no gradient.
    variable_list result(1 + each * layers + 1);
    at::Tensor gradient = CopyOfRows(gradients[0]);
    ApplyDropout(gradient, pass->DropoutBehind());
    for (size_t i = layers; i-- > 0;) {
      LayerGradients layer = pass->Backward(i, gradient);
      std::move(layer.parameters.begin(), layer.parameters.end(), result.begin() + 1 + i * each);
      gradient = layer.x;
    }
    ApplyDropout(gradient, pass->DropoutBefore());
    result[0] = gradient;
    return result;
  }
};

}  // namespace

at::Tensor FusedEncode(const Encoder& encoder, const LaidOutBatch& batch, const FusedOptions& options) {
  const at::Tensor x = encoder.embeddings(batch, /*training=*/false);
  auto pass = c10::make_intrusive<Pass>();
  // Copies, since the graph may outlive the model; they share the tensors.
  pass->layers = encoder.layers;
  pass->embedding_dropout = encoder.embeddings.dropout;
  pass->layout = batch.layout;
  pass->options = options;
  if (options.training) pass->key = DrawKey();
  if (!at::GradMode::is_enabled()) return pass->Forward(x, /*keep=*/false);
  std::vector<at::Tensor> parameters;
  for (const EncoderLayer& layer : encoder.layers) {
    for (const at::Tensor& parameter : ParametersOf(layer)) parameters.push_back(parameter);
  }
  return EncodeLayers::apply(x, at::TensorList(parameters), pass);
}

void PackWeights(Encoder& encoder, kernels::Precision precision) {
  at::NoGradGuard no_grad;
  for (EncoderLayer& layer : encoder.layers) {
    SelfAttention& attention = layer.attention;
    for (Linear* linear : {&attention.query, &attention.key, &attention.value, &attention.output,
                           &layer.intermediate, &layer.output}) {
      at::Tensor weight = std::exchange(linear->weight, {});
      linear->packed = Pack(precision, Transposed(weight), weight.size(1), weight.size(0));
      // Whoever else holds the parameter, as the model's list of them does, keeps no copy alive.
      weight.set_data(at::empty({0}, weight.options()));
    }
  }
}

}  // namespace torchner
