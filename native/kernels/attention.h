#pragma once

#include "kernels/dropout.h"
#include "kernels/matmul.h"
#include "kernels/norm.h"

/**
 * Attention of one head over one sequence, `kAttentionRows` queries at a time so that scores stay in the
 * cache. Backward computes the scores again from the logarithm of their sum (FlashAttention; Dao et al.,
 * 2022).
 */
namespace torchner::kernels::TORCHNER_ISA {

/** A sequence's and head's part of the matrices, and the thread's scratch space. */
struct HeadView {
  const Attention& work;
  int64_t first, length, head, column;
  float scale;
  /** Between rows of scores. */
  int64_t stride;
  float *scratch, *scores, *gradients, *factors;

  HeadView(const Attention& attention, int64_t sequence, int64_t head_index, float* space)
      : work(attention),
        first(attention.starts[sequence]),
        length(attention.starts[sequence + 1] - first),
        head(head_index),
        column(head_index * attention.head_size),
        scale(1.0f / __builtin_sqrtf(static_cast<float>(attention.head_size))),
        stride(DropoutGroups(attention.longest) * kDropoutGroup),
        scratch(space),
        scores(space + kMultiplyScratch),
        gradients(scores + kAttentionRows * stride),
        factors(gradients + kAttentionRows * stride) {}

  const float* At(const ConstMatrix& matrix, int64_t row) const {
    return matrix.data + (first + row) * matrix.stride + column;
  }
  float* At(const Matrix& matrix, int64_t row) const {
    return matrix.data + (first + row) * matrix.stride + column;
  }
  float& LogSum(int64_t row) const { return work.log_sums[(first + row) * work.heads + head]; }

  /** For a row of scores; null without dropout. */
  const float* Factors(int64_t row) const {
    if (!work.dropout) return nullptr;
    const int64_t group = ((first + row) * work.heads + head) * DropoutGroups(work.longest);
    RowFactors(*work.dropout, group, length, factors);
    return factors;
  }
};

/** to [rows, length] = x's rows from `row` on, times the transpose of all rows of y. */
static void ScoreRows(const HeadView& view, const ConstMatrix& x, const ConstMatrix& y, int64_t row,
                      int64_t rows, float* to) {
  Product product{};
  product.m = rows;
  product.n = view.length;
  product.k = view.work.head_size;
  product.a = {view.At(x, row), x.stride, 1};
  product.b = {view.At(y, 0), 1, y.stride};
  product.c = {to, view.stride};
  Multiply(product, view.scratch);
}

/** to's rows from `row` on = weights [rows, length] times all rows of x. */
static void MixRows(const HeadView& view, const float* weights, const ConstMatrix& x, int64_t row,
                    int64_t rows, const Matrix& to) {
  Product product{};
  product.m = rows;
  product.n = view.work.head_size;
  product.k = view.length;
  product.a = {weights, view.stride, 1};
  product.b = {view.At(x, 0), x.stride, 1};
  product.c = {view.At(to, row), to.stride};
  Multiply(product, view.scratch);
}

/** All rows of to (+)= the transpose of weights [rows, length] times x's rows from `row` on. */
static void SpreadRows(const HeadView& view, const float* weights, const ConstMatrix& x, int64_t row,
                       int64_t rows, const Matrix& to) {
  Product product{};
  product.m = view.length;
  product.n = view.work.head_size;
  product.k = rows;
  product.a = {weights, 1, view.stride};
  product.b = {view.At(x, row), x.stride, 1};
  product.c = {view.At(to, 0), to.stride};
  product.add = row > 0;
  Multiply(product, view.scratch);
}

/** Scores to dropped-out probabilities, in place; returns the logarithm of the denominator. */
TORCHNER_INLINE float Softmax(float* scores, int64_t length, float scale, const float* factors) {
  Vec most = All(-INFINITY);
  EachVector(length, [&](int64_t i, auto count) {
    const Vec x = Part(scores + i, count, -INFINITY) * All(scale);
    PutPart(scores + i, x, count);
    // A NaN shows in the sum below.
    most = Max(x, most);
  });
  const float largest = Largest(most);
  Vec total = All(0.0f);
  EachVector(length, [&](int64_t i, auto count) {
    const Vec e = Within(Exp(Part(scores + i, count) - All(largest)), count);
    PutPart(scores + i, e, count);
    total += e;
  });
  const float sum = Sum(total);
  const Vec share = All(1.0f / sum);
  EachVector(length, [&](int64_t i, auto count) {
    Vec p = Part(scores + i, count) * share;
    if (factors) p *= Load(factors + i);
    PutPart(scores + i, p, count);
  });
  return largest + std::log(sum);
}

static void AttendHead(const Attention& work, int64_t sequence, int64_t head, float* scratch) {
  const HeadView view(work, sequence, head, scratch);
  for (int64_t row = 0; row < view.length; row += kAttentionRows) {
    const int64_t rows = view.length - row < kAttentionRows ? view.length - row : kAttentionRows;
    ScoreRows(view, work.query, work.key, row, rows, view.scores);
    for (int64_t r = 0; r < rows; ++r) {
      const float log_sum =
          Softmax(view.scores + r * view.stride, view.length, view.scale, view.Factors(row + r));
      if (work.log_sums) view.LogSum(row + r) = log_sum;
    }
    MixRows(view, view.scores, work.value, row, rows, work.context);
  }
}

/**
 * Scores to the dropped-out probabilities, and the gradients of those to the gradients of the scores before
 * their scale, both in place.
 */
TORCHNER_INLINE void SoftmaxBackward(float* scores, float* gradients, int64_t length, float scale,
                                     float log_sum, const float* factors) {
  Vec along = All(0.0f);
  EachVector(length, [&](int64_t i, auto count) {
    const Vec p = Exp(Part(scores + i, count) * All(scale) - All(log_sum));
    Vec g = Part(gradients + i, count);
    if (factors) g *= Load(factors + i);
    PutPart(scores + i, p, count);
    PutPart(gradients + i, g, count);
    along += Within(p * g, count);
  });
  const Vec mean = All(Sum(along));
  EachVector(length, [&](int64_t i, auto count) {
    const Vec p = Part(scores + i, count);
    PutPart(gradients + i, p * (Part(gradients + i, count) - mean) * All(scale), count);
    if (factors) PutPart(scores + i, p * Load(factors + i), count);
  });
}

static void AttendHeadBackward(const AttentionBackward& work, int64_t sequence, int64_t head,
                               float* scratch) {
  const Attention& forward = work.forward;
  const HeadView view(forward, sequence, head, scratch);
  for (int64_t row = 0; row < view.length; row += kAttentionRows) {
    const int64_t rows = view.length - row < kAttentionRows ? view.length - row : kAttentionRows;
    ScoreRows(view, forward.query, forward.key, row, rows, view.scores);
    ScoreRows(view, work.context_gradient, forward.value, row, rows, view.gradients);
    for (int64_t r = 0; r < rows; ++r) {
      SoftmaxBackward(view.scores + r * view.stride, view.gradients + r * view.stride, view.length,
                      view.scale, view.LogSum(row + r), view.Factors(row + r));
    }
    SpreadRows(view, view.scores, work.context_gradient, row, rows, work.value_gradient);
    MixRows(view, view.gradients, forward.key, row, rows, work.query_gradient);
    SpreadRows(view, view.gradients, forward.query, row, rows, work.key_gradient);
  }
}

}  // namespace torchner::kernels::TORCHNER_ISA
