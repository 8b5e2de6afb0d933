#pragma once

#include "kernels/norm.h"

namespace torchner::kernels::TORCHNER_ISA {

struct ValueAndSlope {
  Vec value, slope;
};

/** x Phi(x), with erfc by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7), as in ATen's vector code. */
TORCHNER_INLINE ValueAndSlope Gelu(Vec x) {
  const Vec scaled = Abs(x) * All(0.70710678f);
  const Vec t = All(1.0f) / (scaled * All(0.3275911f) + All(1.0f));
  const Vec bell = Exp(x * x * All(-0.5f));
  Vec p = All(1.061405429f);
  p = p * t + All(-1.453152027f);
  p = p * t + All(1.421413741f);
  p = p * t + All(-0.284496736f);
  p = p * t + All(0.254829592f);
  const Vec tail = p * t * bell * All(0.5f);
  const Vec below = x < All(0.0f) ? tail : All(1.0f) - tail;
  return {x * below, x * bell * All(0.39894228f) + below};
}

/** x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
TORCHNER_INLINE ValueAndSlope GeluTanh(Vec x) {
  const Vec inner = All(0.7978845608f) * x * (All(1.0f) + All(0.044715f) * x * x);
  // (1 + tanh(u)) / 2 is the logistic function of 2u.
  const Vec half = All(1.0f) / (All(1.0f) + Exp(inner * All(-2.0f)));
  const Vec inner_slope = All(0.7978845608f) * (All(1.0f) + All(0.134145f) * x * x);
  return {x * half, half + x * All(2.0f) * half * (All(1.0f) - half) * inner_slope};
}

TORCHNER_INLINE ValueAndSlope Relu(Vec x) {
  // Not x > 0, which would make zero of NaN.
  const auto off = x <= All(0.0f);
  return {off ? All(0.0f) : x, off ? All(0.0f) : All(1.0f)};
}

template <typename Function>
TORCHNER_INLINE void ActivateWith(const Activate& work, int64_t begin, int64_t end, Function function) {
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    float* y = work.y.data + r * work.y.stride;
    EachVector(work.columns, [&](int64_t i, auto count) {
      const ValueAndSlope result = function(Part(x + i, count));
      if (work.keep_derivative) PutPart(x + i, result.slope, count);
      PutPart(y + i, result.value, count);
    });
  }
}

static void ActivateRows(const Activate& work, int64_t begin, int64_t end) {
  switch (work.kind) {
    case ActivationKind::kGelu:
      return ActivateWith(work, begin, end, [](Vec x) { return Gelu(x); });
    case ActivationKind::kGeluTanh:
      return ActivateWith(work, begin, end, [](Vec x) { return GeluTanh(x); });
    case ActivationKind::kRelu:
      return ActivateWith(work, begin, end, [](Vec x) { return Relu(x); });
  }
}

static void MultiplyRowsBy(const MultiplyRows& work, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    const float* y = work.y.data + r * work.y.stride;
    EachVector(work.columns, [&](int64_t i, auto count) {
      PutPart(x + i, Part(x + i, count) * Part(y + i, count), count);
    });
  }
}

}  // namespace torchner::kernels::TORCHNER_ISA
