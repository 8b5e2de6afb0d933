#pragma once

#include "kernels/norm.h"

namespace torchner::kernels::TORCHNER_ISA {

static void StepRange(const AdamWRange& work, int64_t begin, int64_t end) {
  const Vec beta1 = All(static_cast<float>(work.beta1)), beta2 = All(static_cast<float>(work.beta2));
  // In float64: 1 - 0.999f is off by 1e-5.
  const Vec rest1 = All(static_cast<float>(1 - work.beta1)), rest2 = All(static_cast<float>(1 - work.beta2));
  EachVector(end - begin, [&](int64_t offset, auto count) {
    const int64_t i = begin + offset;
    const Vec g = Part(work.gradient + i, count) * All(work.gradient_scale);
    const Vec m = Part(work.exp_avg + i, count) * beta1 + g * rest1;
    const Vec v = Part(work.exp_avg_sq + i, count) * beta2 + g * g * rest2;
    const Vec denominator = Sqrt(v) * All(work.denominator_scale) + All(work.eps);
    const Vec value = Part(work.value + i, count) * All(work.keep) - All(work.step_size) * m / denominator;
    PutPart(work.exp_avg + i, m, count);
    PutPart(work.exp_avg_sq + i, v, count);
    PutPart(work.value + i, value, count);
  });
}

}  // namespace torchner::kernels::TORCHNER_ISA
