#pragma once

#include <ATen/core/Tensor.h>

#include "nn/encoder.h"

namespace torchner {

/**
 * `Encoder` on the kernels of native/kernels: CPU, float32, a packed layout. Differentiable once; the record
 * of a layer is dropped as soon as backward is through with it.
 *
 * Dropout's masks are a function of a key that is drawn from the CPU's generator once a forward pass, so that
 * they depend on the seed but not on the number of threads.
 */
at::Tensor FusedEncode(const Encoder& encoder, const LaidOutBatch& batch, bool training, bool recompute);

}  // namespace torchner
