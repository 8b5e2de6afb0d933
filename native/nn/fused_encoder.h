#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/kernels.h"
#include "nn/encoder.h"

namespace torchner {

struct FusedOptions {
  bool training = false;
  /** Keep each layer's input alone for backward, and run the layer again there. */
  bool recompute = false;
  kernels::Precision precision = kernels::Precision::kFloat32;
  /** Of what is returned, when training. */
  double output_dropout = 0;
};

/**
 * `Encoder` on the kernels of native/kernels: CPU, a packed layout, activations in float32. Differentiable
 * once; the record of a layer is dropped as soon as backward is through with it.
 *
 * Dropout's masks are a function of a key that is drawn from the CPU's generator once a forward pass, so that
 * they depend on the seed but not on the number of threads.
 */
at::Tensor FusedEncode(const Encoder& encoder, const LaidOutBatch& batch, const FusedOptions& options);

/** Replaces the layers' weights by what products of this precision read. */
void PackWeights(Encoder& encoder, kernels::Precision precision);

}  // namespace torchner
