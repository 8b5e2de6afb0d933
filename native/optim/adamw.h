#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "core/numerics.h"
#include "io/safetensors.h"
#include "nn/token_classifier.h"

namespace torchner {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  /** Applied to weights and embeddings; biases and LayerNorm never decay. */
  double weight_decay = 0.01;
};

/**
 * AdamW (Loshchilov & Hutter, 2019). `kReference` is libtorch's fused kernel, bit-equal to
 * torch.optim.AdamW(fused=True); `kFast` on the CPU is one pass that also applies the clipping before it.
 */
class AdamW {
 public:
  /** All that reads or writes parameters throws kState once the model was packed for inference. */
  AdamW(std::shared_ptr<const TokenClassifier> model, AdamWOptions options);

  /** Parameters without a gradient are left alone, their moments too. */
  void Step(double lr, Numerics numerics);
  /** Drops the gradients, as zero_grad(set_to_none=True). */
  void ZeroGrad();
  /** See ClipGradNorm. */
  at::Tensor ClipGradients(double max_norm, Numerics numerics);

  /** Moments and step counts under `exp_avg.<name>`, `exp_avg_sq.<name>`, `step.<name>`. */
  void Save(const std::string& path);
  /** Every tensor must be there in its shape; all differences are listed in one kCheckpoint error. */
  void Load(const std::string& path);

 private:
  struct State {
    at::Tensor exp_avg, exp_avg_sq, step;
  };
  const std::vector<Parameter>& Parameters() const;
  void AllocateState();
  std::vector<NamedTensor> NamedState();
  std::vector<at::Tensor> Gradients() const;
  void StepGroup(bool decays, double lr);
  void StepOnKernels(double lr, const std::vector<at::Tensor>& gradients);

  std::shared_ptr<const TokenClassifier> model_;
  AdamWOptions options_;
  /** One per parameter; allocated at the first step, or by Load. */
  std::vector<State> state_;
};

}  // namespace torchner
