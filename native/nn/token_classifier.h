#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/numerics.h"
#include "kernels/kernels.h"
#include "nn/encoder.h"
#include "nn/family.h"

namespace torchner {

/** A trainable tensor under its checkpoint name (transformers' `state_dict()` spelling). */
struct Parameter {
  enum class Role { kEmbedding, kWeight, kBias, kNormWeight };
  std::string name;
  Role role;
  at::Tensor tensor;

  /** Weight decay leaves biases and LayerNorm alone (transformers' Trainer.get_decay_parameter_names). */
  bool decays() const { return role == Role::kEmbedding || role == Role::kWeight; }
};

struct ForwardOptions {
  bool training = false;
  bool grad = false;
  Numerics numerics = Numerics::kFast;
  LayoutKind layout = LayoutKind::kPacked;
  bool bf16 = false;
  /** Share of the loss that is spread over all labels, in [0, 1). */
  double label_smoothing = 0;
  /** Run each layer again in backward instead of keeping its activations. */
  bool gradient_checkpointing = false;
};

struct ForwardOutput {
  /** Mean loss over labels other than -100, float32 scalar; undefined without labels. */
  at::Tensor loss;
  /** float32 [rows, width, labels]; zeros at padding when packed. */
  at::Tensor logits;
  /** Estimate of the activations kept for backward, in bytes; 0 without a graph. */
  int64_t graph_bytes = 0;
};

/**
 * An encoder with a linear layer that gives each token a score per label. Executor only, but for what never
 * changes (config, keys, device, names, counts) and `packed`.
 */
class TokenClassifier {
 public:
  /** Parameters are allocated, not initialised: `Initialize` or a checkpoint fills them. */
  TokenClassifier(Family family, c10::Device device);

  const EncoderConfig& config() const { return config_; }
  const KeyMap& keys() const { return keys_; }
  c10::Device device() const { return device_; }
  /** Without elements where they are packed for inference. In the order of transformers'
   * `named_parameters()`, which fixes the order of norms and optimizer state.
   */
  const std::vector<Parameter>& parameters() const { return parameters_; }
  /** Elements of all parameters, and of the embedding tables among them; packing changes neither. */
  int64_t parameter_count() const { return parameter_count_; }
  int64_t embedding_count() const { return embedding_count_; }
  /** nullptr where there is no such name. */
  const Parameter* Find(const std::string& name) const;

  /** Throws kArgument naming the field where a shape or an id does not fit this model. */
  void Check(const Batch& batch) const;

  /** `numerics`, `layout` and `bf16` hold for a model that is whole; a packed one has what it was packed for.
   */
  ForwardOutput Forward(const Batch& batch, const ForwardOptions& options) const;

  /**
   * Lays the encoder's weights out for products of this precision and lets go of them otherwise: from now on
   * the model has a forward pass without gradients, on the CPU, and nothing else.
   */
  void PackForInference(kernels::Precision precision);
  bool packed() const { return weights_ != Weights::kWhole; }

 private:
  /** kLost: packing has begun, and has failed if nobody is at it. */
  enum class Weights { kWhole, kLost, kPacked };

  /** Throws kState where packing has failed. */
  void RequireWeights(const char* call) const;
  /** Whether a pass takes native/kernels' path; otherwise it is libtorch's. */
  bool RunsOnKernels(const ForwardOptions& options) const;
  /** What the classifier takes, [tokens, hidden]. */
  at::Tensor Encode(const LaidOutBatch& batch, const ForwardOptions& options, bool recompute) const;

  EncoderConfig config_;
  KeyMap keys_;
  c10::Device device_;
  std::vector<Parameter> parameters_;
  Encoder encoder_;
  Linear classifier_;
  int64_t parameter_count_ = 0, embedding_count_ = 0;
  std::atomic<Weights> weights_ = Weights::kWhole;
  /** Of packed weights. */
  kernels::Precision precision_ = kernels::Precision::kFloat32;
};

/** Fresh values as transformers draws them: N(0, initializer_range) weights, zero biases, unit LayerNorm. */
void Initialize(const Parameter& parameter, const TokenClassifier& model);

}  // namespace torchner
