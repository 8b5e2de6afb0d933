#pragma once

#include "kernels/dropout.h"

namespace torchner::kernels::TORCHNER_ISA {

/** Calls at(i, count) for each vector of a row; `count` is below kLanes at its end alone. */
template <typename At>
TORCHNER_INLINE void EachVector(int64_t columns, At at) {
  int64_t i = 0;
  for (; i + kLanes <= columns; i += kLanes) at(i, std::integral_constant<int64_t, kLanes>{});
  if (i < columns) at(i, columns - i);
}

/** Lanes past a row's end are `rest`. */
TORCHNER_INLINE Vec Part(const float* from, int64_t count, float rest = 0.0f) {
  return LoadSome(from, count, rest);
}
TORCHNER_INLINE Vec Part(const float* from, std::integral_constant<int64_t, kLanes>, float = 0.0f) {
  return Load(from);
}
TORCHNER_INLINE void PutPart(float* to, Vec v, int64_t count) {
  StoreSome(to, v, count);
}
TORCHNER_INLINE void PutPart(float* to, Vec v, std::integral_constant<int64_t, kLanes>) {
  Store(to, v);
}
/** Zero in the lanes past a row's end. */
TORCHNER_INLINE Vec Within(Vec v, int64_t count) {
  float lanes[kLanes] = {};
  StoreSome(lanes, v, count);
  return Load(lanes);
}
TORCHNER_INLINE Vec Within(Vec v, std::integral_constant<int64_t, kLanes>) {
  return v;
}

/** x = drop(x) + residual; returns the row's sum. */
TORCHNER_INLINE float AddResidual(const NormForward& work, int64_t row) {
  float* x = work.x.data + row * work.x.stride;
  const float* residual = work.residual.data ? work.residual.data + row * work.residual.stride : nullptr;
  const int64_t groups = DropoutGroups(work.columns);
  Vec sum = All(0.0f);
  for (int64_t from = 0; from < work.columns; from += kDropoutGroup) {
    const int64_t columns = work.columns - from < kDropoutGroup ? work.columns - from : kDropoutGroup;
    float factors[kDropoutGroup];
    if (work.dropout) {
      GroupFactors(*work.dropout, static_cast<uint32_t>(row * groups + from / kDropoutGroup), factors);
    }
    EachVector(columns, [&](int64_t i, auto count) {
      Vec v = Part(x + from + i, count);
      if (work.dropout) v *= Load(factors + i);
      if (residual) v += Part(residual + from + i, count);
      PutPart(x + from + i, v, count);
      sum += Within(v, count);
    });
  }
  return Sum(sum);
}

static void NormForwardRows(const NormForward& work, int64_t begin, int64_t end) {
  const float columns = static_cast<float>(work.columns);
  for (int64_t r = begin; r < end; ++r) {
    float* x = work.x.data + r * work.x.stride;
    float* y = work.y.data + r * work.y.stride;
    const Vec mean = All(AddResidual(work, r) / columns);
    Vec squares = All(0.0f);
    EachVector(work.columns, [&](int64_t i, auto count) {
      const Vec d = Within(Part(x + i, count) - mean, count);
      squares += d * d;
    });
    const float reciprocal = 1.0f / __builtin_sqrtf(Sum(squares) / columns + work.eps);
    work.reciprocal[r] = reciprocal;
    EachVector(work.columns, [&](int64_t i, auto count) {
      const Vec n = (Part(x + i, count) - mean) * All(reciprocal);
      PutPart(x + i, n, count);
      PutPart(y + i, n * Part(work.weight + i, count) + Part(work.bias + i, count), count);
    });
  }
}

/** sum_gradient = reciprocal (g - mean(g) - normalised mean(g normalised)) with g = y_gradient weight. */
static void NormBackwardRows(const NormBackward& work, int64_t begin, int64_t end) {
  const float columns = static_cast<float>(work.columns);
  const int64_t groups = DropoutGroups(work.columns);
  for (int64_t r = begin; r < end; ++r) {
    const float* dy = work.y_gradient.data + r * work.y_gradient.stride;
    const float* n = work.normalized.data + r * work.normalized.stride;
    float* sum_gradient = work.sum_gradient.data + r * work.sum_gradient.stride;
    Vec plain = All(0.0f), weighted = All(0.0f);
    EachVector(work.columns, [&](int64_t i, auto count) {
      const Vec g = Part(dy + i, count) * Part(work.weight + i, count);
      plain += g;
      weighted += g * Part(n + i, count);
    });
    const Vec mean = All(Sum(plain) / columns), along = All(Sum(weighted) / columns);
    const Vec reciprocal = All(work.reciprocal[r]);
    for (int64_t from = 0; from < work.columns; from += kDropoutGroup) {
      const int64_t width = work.columns - from < kDropoutGroup ? work.columns - from : kDropoutGroup;
      float factors[kDropoutGroup];
      if (work.dropout) {
        GroupFactors(*work.dropout, static_cast<uint32_t>(r * groups + from / kDropoutGroup), factors);
      }
      EachVector(width, [&](int64_t j, auto count) {
        const int64_t i = from + j;
        const Vec g = Part(dy + i, count) * Part(work.weight + i, count);
        const Vec d = (g - mean - Part(n + i, count) * along) * reciprocal;
        PutPart(sum_gradient + i, d, count);
        if (work.dropout) {
          PutPart(work.x_gradient.data + r * work.x_gradient.stride + i, d * Load(factors + j), count);
        }
      });
    }
  }
}

static void SumColumns(const ColumnSums& work, int64_t begin, int64_t end) {
  constexpr int64_t kWidth = 4 * kLanes;
  for (int64_t from = begin; from < end; from += kWidth) {
    const int64_t columns = end - from < kWidth ? end - from : kWidth;
    Vec sums[4] = {};
    for (int64_t r = 0; r < work.rows; ++r) {
      const float* x = work.x.data + r * work.x.stride + from;
      const float* y = work.y.data ? work.y.data + r * work.y.stride + from : nullptr;
      EachVector(columns, [&](int64_t i, auto count) {
        const Vec v = Part(x + i, count);
        sums[i / kLanes] += y ? v * Part(y + i, count) : v;
      });
    }
    EachVector(columns, [&](int64_t i, auto count) {
      const Vec before = work.add ? Part(work.sums + from + i, count) : All(0.0f);
      PutPart(work.sums + from + i, before + sums[i / kLanes], count);
    });
  }
}

static double SumOfSquares(const float* x, int64_t n) {
  // Short runs in float32, their sums in float64.
  constexpr int64_t kRun = 1024;
  double total = 0;
  for (int64_t from = 0; from < n; from += kRun) {
    const int64_t count = n - from < kRun ? n - from : kRun;
    Vec sums[4] = {};
    EachVector(count, [&](int64_t i, auto some) {
      const Vec v = Part(x + from + i, some);
      sums[i / kLanes % 4] += v * v;
    });
    total += Sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
  return total;
}

}  // namespace torchner::kernels::TORCHNER_ISA
