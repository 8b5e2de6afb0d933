#include "nn/token_classifier.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "core/autocast.h"
#include "core/error.h"
#include "core/memory.h"
#include "nn/fused_encoder.h"
#include "nn/loss.h"

namespace torchner {
namespace {

using Role = Parameter::Role;

/** Allocates parameters under their names, in the order they are asked for. */
class Builder {
 public:
  Builder(const Family& family, c10::Device device, std::vector<Parameter>& parameters)
      : config_(family.config), keys_(family.keys), device_(device), parameters_(parameters) {}

  Encoder MakeEncoder() {
    Encoder encoder;
    encoder.embeddings = MakeEmbeddings();
    for (int64_t i = 0; i < config_.layers; ++i) {
      encoder.layers.push_back(MakeLayer(keys_.prefix + keys_.layer + std::to_string(i) + "."));
    }
    return encoder;
  }

  Linear MakeClassifier() { return MakeLinear(keys_.classifier, config_.hidden_size, config_.num_labels); }

 private:
  at::Tensor Add(const std::string& name, Role role, at::IntArrayRef shape) {
    at::Tensor tensor = at::empty(shape, at::TensorOptions(at::kFloat).device(device_));
    tensor.set_requires_grad(true);
    parameters_.push_back({name, role, tensor});
    return tensor;
  }

  at::Tensor MakeTable(const std::string& name, int64_t entries) {
    return Add(keys_.prefix + name + ".weight", Role::kEmbedding, {entries, config_.hidden_size});
  }

  Linear MakeLinear(const std::string& name, int64_t in, int64_t out) {
    at::Tensor weight = Add(name + ".weight", Role::kWeight, {out, in});
    return {weight, Add(name + ".bias", Role::kBias, {out})};
  }

  LayerNorm MakeNorm(const std::string& name) {
    at::Tensor weight = Add(name + ".weight", Role::kNormWeight, {config_.hidden_size});
    return {weight, Add(name + ".bias", Role::kBias, {config_.hidden_size}), config_.layer_norm_eps};
  }

  Embeddings MakeEmbeddings() {
    Embeddings embeddings;
    embeddings.words = MakeTable(keys_.word_embeddings, config_.vocab_size);
    embeddings.positions = MakeTable(keys_.position_embeddings, config_.max_positions);
    if (config_.type_vocab_size > 0) {
      embeddings.token_types = MakeTable(keys_.token_type_embeddings, config_.type_vocab_size);
    }
    embeddings.norm = MakeNorm(keys_.prefix + keys_.embedding_norm);
    embeddings.padding_id = config_.padding_id;
    embeddings.dropout = config_.hidden_dropout;
    return embeddings;
  }

  EncoderLayer MakeLayer(const std::string& prefix) {
    const int64_t hidden = config_.hidden_size, inner = config_.intermediate_size;
    EncoderLayer layer;
    layer.attention.query = MakeLinear(prefix + keys_.query, hidden, hidden);
    layer.attention.key = MakeLinear(prefix + keys_.key, hidden, hidden);
    layer.attention.value = MakeLinear(prefix + keys_.value, hidden, hidden);
    layer.attention.output = MakeLinear(prefix + keys_.attention_output, hidden, hidden);
    layer.attention.heads = config_.heads;
    layer.attention.dropout = config_.attention_dropout;
    layer.attention_norm = MakeNorm(prefix + keys_.attention_norm);
    layer.intermediate = MakeLinear(prefix + keys_.intermediate, hidden, inner);
    layer.output = MakeLinear(prefix + keys_.output, inner, hidden);
    layer.output_norm = MakeNorm(prefix + keys_.output_norm);
    layer.activation = config_.activation;
    layer.attention_output_dropout = config_.drop_attention_output ? config_.hidden_dropout : 0.0;
    layer.output_dropout = config_.hidden_dropout;
    return layer;
  }

  const EncoderConfig& config_;
  const KeyMap& keys_;
  c10::Device device_;
  std::vector<Parameter>& parameters_;
};

/** About what one layer keeps per token: inputs and outputs of its products, norms, dropouts and activation.
 */
int64_t GraphBytes(const EncoderConfig& config, int64_t tokens) {
  const int64_t per_token = 14 * config.hidden_size + 2 * config.intermediate_size;
  return tokens * config.layers * per_token * static_cast<int64_t>(sizeof(float));
}

void CheckField(const std::vector<int64_t>& values, const char* name, const Batch& batch, int64_t low,
                int64_t high, bool ignore_index) {
  if (values.empty()) return;
  if (static_cast<int64_t>(values.size()) != batch.rows * batch.width) {
    throw Error(ErrorCode::kArgument, std::string(name) + ": expected " +
                                          std::to_string(batch.rows * batch.width) + " values for shape [" +
                                          std::to_string(batch.rows) + ", " + std::to_string(batch.width) +
                                          "], got " + std::to_string(values.size()) + ".");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= low && values[i] < high) continue;
    if (ignore_index && values[i] == kIgnoreIndex) continue;
    throw Error(ErrorCode::kArgument, std::string(name) + ": " + std::to_string(values[i]) + " in row " +
                                          std::to_string(i / batch.width) + ", column " +
                                          std::to_string(i % batch.width) + " is not in [" +
                                          std::to_string(low) + ", " + std::to_string(high) + ").");
  }
}

}  // namespace

TokenClassifier::TokenClassifier(Family family, c10::Device device)
    : config_(family.config), keys_(family.keys), device_(device) {
  Builder builder(family, device, parameters_);
  encoder_ = builder.MakeEncoder();
  classifier_ = builder.MakeClassifier();
  for (const Parameter& parameter : parameters_) {
    parameter_count_ += parameter.tensor.numel();
    if (parameter.role == Role::kEmbedding) embedding_count_ += parameter.tensor.numel();
  }
}

const Parameter* TokenClassifier::Find(const std::string& name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const Parameter& parameter) { return parameter.name == name; });
  return found == parameters_.end() ? nullptr : &*found;
}

void TokenClassifier::Check(const Batch& batch) const {
  if (batch.rows < 1 || batch.width < 1) {
    throw Error(ErrorCode::kArgument, "shape: a batch needs at least one row and one column.");
  }
  if (batch.width > config_.max_positions) {
    throw Error(ErrorCode::kArgument, "inputIds: sequences of " + std::to_string(batch.width) +
                                          " pieces are longer than the model's " +
                                          std::to_string(config_.max_positions) +
                                          " positions; truncate them.");
  }
  if (batch.input_ids.empty()) throw Error(ErrorCode::kArgument, "inputIds: is empty.");
  CheckField(batch.input_ids, "inputIds", batch, 0, config_.vocab_size, false);
  CheckField(batch.attention_mask, "attentionMask", batch, 0, 2, false);
  if (!batch.attention_mask.empty() &&
      std::ranges::find(batch.attention_mask, 1) == batch.attention_mask.end()) {
    throw Error(ErrorCode::kArgument, "attentionMask: the batch has no real token; leave it out.");
  }
  // A family without token types ignores them, as transformers does, whatever they are.
  const int64_t types =
      config_.type_vocab_size > 0 ? config_.type_vocab_size : std::numeric_limits<int64_t>::max();
  CheckField(batch.token_type_ids, "tokenTypeIds", batch, 0, types, false);
  CheckField(batch.labels, "labels", batch, 0, config_.num_labels, true);
  for (size_t i = 0; i < std::min(batch.labels.size(), batch.attention_mask.size()); ++i) {
    if (batch.attention_mask[i] == 0 && batch.labels[i] != kIgnoreIndex) {
      throw Error(ErrorCode::kArgument, "labels: row " + std::to_string(i / batch.width) + ", column " +
                                            std::to_string(i % batch.width) +
                                            " has a label at a padded position; padding takes -100.");
    }
  }
}

bool TokenClassifier::RunsOnKernels(const ForwardOptions& options) const {
  if (!device_.is_cpu() || options.numerics != Numerics::kFast || options.layout != LayoutKind::kPacked) {
    return false;
  }
  // Where the CPU has a matrix unit, libtorch's bfloat16 products run on it.
  return !options.bf16 || (kernels::Selected().multiply_bf16 && !kernels::HasMatrixUnit());
}

at::Tensor TokenClassifier::Encode(const LaidOutBatch& batch, const ForwardOptions& options,
                                   bool recompute) const {
  if (!packed() && !RunsOnKernels(options)) {
    const at::Tensor hidden = encoder_(batch, options.training, recompute);
    return at::dropout(hidden, config_.classifier_dropout, options.training);
  }
  const auto asked = options.bf16 ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32;
  return FusedEncode(encoder_, batch,
                     {.training = options.training,
                      .recompute = recompute,
                      .precision = packed() ? precision_ : asked,
                      .output_dropout = config_.classifier_dropout});
}

void TokenClassifier::RequireWeights(const char* call) const {
  if (weights_ != Weights::kLost) return;
  throw Error(ErrorCode::kState, std::string(call) + ": packing this model failed half-way; load it again.");
}

void TokenClassifier::PackForInference(kernels::Precision precision) {
  if (!device_.is_cpu()) throw Error(ErrorCode::kState, "packForInference: the model is not on the CPU.");
  RequireWeights("packForInference");
  if (packed()) throw Error(ErrorCode::kState, "packForInference: the model is packed already.");
  if (precision == kernels::Precision::kBFloat16 && !kernels::Selected().multiply_bf16) {
    throw Error(ErrorCode::kState,
                "dtype: this CPU does not multiply bfloat16 (AVX512_BF16 is missing); use fp32 or int8.");
  }
  if (precision == kernels::Precision::kInt8 &&
      std::max(config_.hidden_size, config_.intermediate_size) > kernels::kInt8Depth) {
    throw Error(ErrorCode::kState, "dtype: int8 takes layers of at most " +
                                       std::to_string(kernels::kInt8Depth) +
                                       " inputs, and this model has larger ones; use fp32 or bf16.");
  }
  weights_ = Weights::kLost;
  PackWeights(encoder_, precision);
  precision_ = precision;
  weights_ = Weights::kPacked;
  for (const Parameter& parameter : parameters_) parameter.tensor.mutable_grad() = at::Tensor();
  ReleaseUnusedTensorMemory();
}

ForwardOutput TokenClassifier::Forward(const Batch& batch, const ForwardOptions& given) const {
  Check(batch);
  ForwardOptions options = given;
  RequireWeights("forward");
  if (packed()) {
    if (options.grad || options.training) {
      throw Error(ErrorCode::kState,
                  "forward: the model was packed for inference and cannot train; load it again to train.");
    }
    options.layout = LayoutKind::kPacked;
    options.bf16 = false;
  }
  at::AutoGradMode grad_mode(options.grad);
  NumericsScope numerics(options.numerics);
  AutocastScope autocast(device_.type(), options.bf16 && !RunsOnKernels(options));

  const LaidOutBatch laid_out = LayOut(batch, options.layout, device_);
  const bool recompute = options.grad && options.gradient_checkpointing;
  const at::Tensor scores = classifier_(Encode(laid_out, options, recompute));

  ForwardOutput output;
  if (laid_out.labels.defined()) {
    output.loss = TokenLoss(scores, laid_out.labels, options.label_smoothing);
  }
  output.logits = ToPadded(laid_out.layout, scores.to(at::kFloat));
  if (options.grad) {
    const int64_t kept = GraphBytes(config_, laid_out.input_ids.numel());
    output.graph_bytes = recompute ? kept / std::max<int64_t>(1, config_.layers) : kept;
  }
  return output;
}

void Initialize(const Parameter& parameter, const TokenClassifier& model) {
  const EncoderConfig& config = model.config();
  at::NoGradGuard no_grad;
  at::Tensor tensor = parameter.tensor;
  switch (parameter.role) {
    case Role::kBias:
      tensor.zero_();
      return;
    case Role::kNormWeight:
      tensor.fill_(1);
      return;
    case Role::kEmbedding:
    case Role::kWeight:
      tensor.normal_(0, config.initializer_range);
  }
  const bool is_word_table = parameter.name == model.keys().prefix + model.keys().word_embeddings + ".weight";
  if (is_word_table && config.padding_id >= 0) tensor[config.padding_id].zero_();
}

}  // namespace torchner
