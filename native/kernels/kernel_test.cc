/**
 * Compares every set of kernels that this CPU has with `reference`: one line a set, and one for each
 * difference. `kernels.test.ts` runs it.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace {

using namespace torchner::kernels;

std::mt19937 generator(1);
int failures = 0, checks = 0;

/** A matrix whose gaps between rows, and the rows around it, must stay as they are. */
class Guarded {
 public:
  Guarded(int64_t rows, int64_t columns, int64_t gap = 3)
      : rows_(rows), columns_(columns), stride_(columns + gap), values_((rows + 2) * stride_) {
    std::normal_distribution<float> normal;
    for (float& value : values_) value = normal(generator);
    before_ = values_;
  }
  Matrix matrix() { return {values_.data() + stride_, stride_}; }
  float* data() { return matrix().data; }
  float At(int64_t r, int64_t c) const { return values_[(r + 1) * stride_ + c]; }
  float& At(int64_t r, int64_t c) { return values_[(r + 1) * stride_ + c]; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  bool GuardsHold() const {
    for (size_t i = 0; i < values_.size(); ++i) {
      const int64_t row = static_cast<int64_t>(i) / stride_ - 1, column = static_cast<int64_t>(i) % stride_;
      if (row >= 0 && row < rows_ && column < columns_) continue;
      if (std::memcmp(&values_[i], &before_[i], sizeof(float)) != 0) return false;
    }
    return true;
  }

 private:
  int64_t rows_, columns_, stride_;
  std::vector<float> values_, before_;
};

void Fail(const std::string& what) {
  ++failures;
  std::printf("%s\n", what.c_str());
}

/** Relative to the largest value: the error of a sum grows with its terms, not with its result. */
void Compare(const std::string& what, const Guarded& actual, const Guarded& expected, double tolerance) {
  ++checks;
  double largest = 1e-30, difference = 0;
  for (int64_t r = 0; r < expected.rows(); ++r) {
    for (int64_t c = 0; c < expected.columns(); ++c) {
      largest = std::max<double>(largest, std::abs(expected.At(r, c)));
      const double apart = std::abs(static_cast<double>(actual.At(r, c)) - expected.At(r, c));
      difference = std::isnan(apart) ? INFINITY : std::max(difference, apart);
    }
  }
  if (difference > tolerance * largest) Fail(what + ": off by " + std::to_string(difference / largest));
  if (!actual.GuardsHold()) Fail(what + ": wrote outside its matrix");
}

std::vector<float> Random(int64_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(generator);
  return values;
}

Dropout DropoutOf(double p) {
  const auto threshold = static_cast<uint32_t>(std::lround(65536 * p));
  return {{0x12345678u, 0x9abcdef0u}, 7, threshold, 1.0f / (1.0f - static_cast<float>(threshold) / 65536.0f)};
}

std::string Shape(const Kernels& kernels, const char* name, std::initializer_list<int64_t> sizes) {
  std::string text = kernels.name;
  text.append(" ").append(name);
  for (const int64_t size : sizes) text.append(" ").append(std::to_string(size));
  return text;
}

void TestMultiply(const Kernels& kernels, const Kernels& reference) {
  const int64_t shapes[][3] = {{1, 1, 1},     {1, 32, 64},    {14, 32, 256}, {15, 33, 257},
                               {20, 20, 64},  {37, 95, 20},   {300, 64, 5},  {61, 128, 600},
                               {3, 17, 1000}, {270, 40, 310}, {5, 300, 31}};
  std::vector<float> scratch(kMultiplyScratch);
  for (const auto& [m, n, k] : shapes) {
    for (int way = 0; way < 64; ++way) {
      const Precision precision = way & 32 ? Precision::kBFloat16 : Precision::kFloat32;
      if (precision == Precision::kBFloat16 && !kernels.multiply_bf16) continue;
      const bool a_transposed = way & 1, b_transposed = way & 2, add = way & 4, bias = (way & 8) && !add;
      Guarded a = a_transposed ? Guarded(k, m) : Guarded(m, k),
              b = b_transposed ? Guarded(n, k) : Guarded(k, n);
      const std::vector<float> biases = Random(n);
      Guarded c(m, n), expected = c;
      Product product{};
      product.m = m, product.n = n, product.k = k;
      const Matrix am = a.matrix(), bm = b.matrix();
      product.a = a_transposed ? Operand{am.data, 1, am.stride} : Operand{am.data, am.stride, 1};
      product.b = b_transposed ? Operand{bm.data, 1, bm.stride} : Operand{bm.data, bm.stride, 1};
      product.bias = bias ? biases.data() : nullptr;
      product.add = add;
      product.c = c.matrix();
      const bool rounds = precision == Precision::kBFloat16;
      std::vector<float> packed;
      if (way & 16) {
        const int64_t columns = (n + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
        packed.assign(columns * CellsOf(precision, k), NAN);
        kernels.pack(precision, product.b, k, n, packed.data());
        product.packed = packed.data();
      }
      (rounds ? kernels.multiply_bf16 : kernels.multiply)(product, scratch.data());
      product.c = expected.matrix();
      product.packed = nullptr;
      (rounds ? reference.multiply_bf16 : reference.multiply)(product, nullptr);
      Compare(Shape(kernels, "multiply", {m, n, k, way}), c, expected, 1e-5);
    }
  }
}

void MultiplyRounded(const Product& product, float* scratch) {
  Available().back()->multiply_bf16(product, scratch);
}

void MultiplyNothing(const Product& product, float*) {
  for (int64_t r = 0; r < product.m; ++r) {
    std::fill_n(product.c.data + r * product.c.stride, product.n, 0.0f);
  }
}

/** What is chosen from at start-up: sets that multiply right, and none that does not. */
void TestSelfTest(const Kernels& kernels) {
  checks += 4;
  if (!MultipliesRight(kernels)) Fail(std::string(kernels.name) + " fails the self-test");
  Kernels wrong = kernels;
  wrong.multiply = MultiplyRounded;
  if (MultipliesRight(wrong)) Fail("the self-test takes bfloat16 for float32");
  wrong = kernels;
  wrong.multiply_bf16 = MultiplyNothing;
  if (MultipliesRight(wrong)) Fail("the self-test takes zeros for a product of bfloat16");
  wrong = kernels;
  wrong.multiply_int8 = MultiplyNothing;
  if (MultipliesRight(wrong)) Fail("the self-test takes zeros for a product of bytes");
}

void TestInt8(const Kernels& kernels, const Kernels& reference) {
  const int64_t shapes[][3] = {{1, 1, 1},    {1, 32, 64},    {14, 32, 256},  {15, 33, 257},
                               {20, 20, 64}, {37, 95, 2050}, {600, 64, 300}, {5, 300, 31}};
  std::vector<float> scratch(kMultiplyScratch);
  for (const auto& [m, n, k] : shapes) {
    for (int way = 0; way < 4; ++way) {
      Guarded a(m, k), b = way & 1 ? Guarded(n, k) : Guarded(k, n), c(m, n), expected = c;
      if (m > 1) std::fill_n(&a.At(m - 1, 0), k, 0.0f);
      const std::vector<float> bias = Random(n);
      Product product{};
      product.m = m, product.n = n, product.k = k;
      const Matrix am = a.matrix(), bm = b.matrix();
      product.a = {am.data, am.stride, 1};
      const Operand whole = way & 1 ? Operand{bm.data, 1, bm.stride} : Operand{bm.data, bm.stride, 1};
      product.bias = way & 2 ? bias.data() : nullptr;
      const auto run = [&](const Kernels& set, Guarded& to) {
        const int64_t columns = (n + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
        std::vector<float> packed(columns * CellsOf(Precision::kInt8, k), NAN);
        set.pack(Precision::kInt8, whole, k, n, packed.data());
        product.packed = packed.data();
        product.c = to.matrix();
        set.multiply_int8(product, scratch.data());
      };
      run(kernels, c);
      run(reference, expected);
      // An element halfway between two steps may go to either: 1 of 127 where there is but one.
      Compare(Shape(kernels, "int8", {m, n, k, way}), c, expected, k == 1 ? 1e-2 : 5e-3);
      a.At(0, 0) = NAN;
      run(kernels, c);
      ++checks;
      if (!std::isnan(c.At(0, n - 1))) Fail(Shape(kernels, "int8 hides a NaN", {m, n, k}));
    }
  }
}

void TestNorm(const Kernels& kernels, const Kernels& reference) {
  for (const int64_t columns : {1, 7, 16, 48, 64, 100, 384, 770}) {
    for (int way = 0; way < 4; ++way) {
      const int64_t rows = 9;
      const bool drops = way & 1, has_residual = way & 2;
      const Dropout dropout = DropoutOf(0.1);
      const std::vector<float> weight = Random(columns), bias = Random(columns);
      Guarded x(rows, columns), y(rows, columns), residual(rows, columns), reciprocal(1, rows);
      Guarded x2 = x, y2 = y, reciprocal2 = reciprocal;
      NormForward work{.columns = columns,
                       .x = x.matrix(),
                       .residual = has_residual ? ConstMatrix(residual.matrix()) : ConstMatrix(nullptr, 0),
                       .weight = weight.data(),
                       .bias = bias.data(),
                       .eps = 1e-5f,
                       .dropout = drops ? &dropout : nullptr,
                       .y = y.matrix(),
                       .reciprocal = reciprocal.data()};
      kernels.norm_forward(work, 0, 4);
      kernels.norm_forward(work, 4, rows);
      work.x = x2.matrix(), work.y = y2.matrix(), work.reciprocal = reciprocal2.data();
      reference.norm_forward(work, 0, rows);
      const std::string what = Shape(kernels, "norm", {columns, way});
      Compare(what + " normalised", x, x2, 1e-5);
      Compare(what + " y", y, y2, 1e-5);
      Compare(what + " reciprocal", reciprocal, reciprocal2, 1e-5);

      Guarded dy(rows, columns), ds(rows, columns), dx(rows, columns), ds2 = ds, dx2 = dx;
      NormBackward back{.columns = columns,
                        .y_gradient = dy.matrix(),
                        .normalized = x2.matrix(),
                        .reciprocal = reciprocal2.data(),
                        .weight = weight.data(),
                        .dropout = work.dropout,
                        .sum_gradient = ds.matrix(),
                        .x_gradient = dx.matrix()};
      kernels.norm_backward(back, 0, rows);
      back.sum_gradient = ds2.matrix(), back.x_gradient = dx2.matrix();
      reference.norm_backward(back, 0, rows);
      if (columns > 1) Compare(what + " sum gradient", ds, ds2, 3e-5);
      if (columns > 1) Compare(what + " x gradient", dx, dx2, 3e-5);
      back.sum_gradient = dy.matrix(), back.x_gradient = dx.matrix();
      kernels.norm_backward(back, 0, rows);
      if (columns > 1) Compare(what + " in place", dy, ds2, 3e-5);
    }
  }
}

void TestRows(const Kernels& kernels, const Kernels& reference) {
  for (const int64_t columns : {1, 15, 16, 33, 64, 200}) {
    const int64_t rows = 11;
    Guarded x(rows, columns), y(rows, columns), x2 = x;
    kernels.multiply_rows({columns, x.matrix(), y.matrix()}, 2, rows);
    reference.multiply_rows({columns, x2.matrix(), y.matrix()}, 2, rows);
    Compare(Shape(kernels, "multiply_rows", {columns}), x, x2, 0);
    kernels.drop({columns, x.matrix(), DropoutOf(0.3)}, 0, rows);
    reference.drop({columns, x2.matrix(), DropoutOf(0.3)}, 0, rows);
    Compare(Shape(kernels, "drop", {columns}), x, x2, 0);

    for (int way = 0; way < 4; ++way) {
      Guarded sums(1, columns), sums2 = sums;
      ColumnSums work{rows, x.matrix(), (way & 1) ? ConstMatrix(y.matrix()) : ConstMatrix(nullptr, 0),
                      sums.data(), (way & 2) != 0};
      kernels.column_sums(work, 0, columns / 2);
      kernels.column_sums(work, columns / 2, columns);
      work.sums = sums2.data();
      reference.column_sums(work, 0, columns);
      Compare(Shape(kernels, "column_sums", {columns, way}), sums, sums2, 2e-6);
    }
    for (const ActivationKind kind :
         {ActivationKind::kGelu, ActivationKind::kGeluTanh, ActivationKind::kRelu}) {
      for (const bool keep : {false, true}) {
        Guarded in(rows, columns), out(rows, columns);
        for (int64_t c = 0; c < columns; ++c) in.At(0, c) *= 30, in.At(1, c) = 0;
        Guarded in2 = in, out2 = out;
        kernels.activate({kind, columns, in.matrix(), out.matrix(), keep}, 0, rows);
        reference.activate({kind, columns, in2.matrix(), out2.matrix(), keep}, 0, rows);
        const std::string what = Shape(kernels, "activate", {static_cast<int64_t>(kind), columns, keep});
        Compare(what, out, out2, 2e-6);
        Compare(what + " x", in, in2, 2e-6);
      }
    }
  }
}

void TestAttention(const Kernels& kernels, const Kernels& reference) {
  for (const int64_t head_size : {1, 8, 20, 32, 64}) {
    for (const int way : {0, 1, 2, 3}) {
      const bool drops = way & 1, all_scores_are_low = way & 2;
      if (all_scores_are_low && head_size == 1) continue;  // all alike: gradients of nothing but rounding
      const int64_t starts[] = {0, 1, 18, 83, 84, 214}, heads = 3, tokens = 214, columns = heads * head_size;
      const Dropout dropout = DropoutOf(0.1);
      Guarded q(tokens, columns), k(tokens, columns), v(tokens, columns), log_sums(tokens, heads, 0);
      Guarded context(tokens, columns), context2 = context, log_sums2 = log_sums, d_context(tokens, columns);
      Guarded dq(tokens, columns), dk(tokens, columns), dv(tokens, columns), dq2 = dq, dk2 = dk, dv2 = dv;
      if (all_scores_are_low) {
        // About -450 each, with the rounding of numbers of that size.
        const auto c = static_cast<float>(std::sqrt(450 * std::sqrt(static_cast<double>(head_size))));
        for (int64_t r = 0; r < tokens; ++r) {
          for (int64_t h = 0; h < heads; ++h) q.At(r, h * head_size) = c, k.At(r, h * head_size) = -c;
        }
      }
      const double slack = all_scores_are_low ? 100 : 1;
      const auto run = [&](const Kernels& of, Guarded& to, Guarded& sums, Guarded& to_q, Guarded& to_k,
                           Guarded& to_v) {
        std::vector<float> scratch(AttentionScratch(130));
        const Attention work{.starts = starts,
                             .longest = 130,
                             .heads = heads,
                             .head_size = head_size,
                             .query = q.matrix(),
                             .key = k.matrix(),
                             .value = v.matrix(),
                             .dropout = drops ? &dropout : nullptr,
                             .context = to.matrix(),
                             .log_sums = sums.data()};
        const AttentionBackward back{work, d_context.matrix(), to_q.matrix(), to_k.matrix(), to_v.matrix()};
        for (int64_t s = 0; s < 5; ++s) {
          for (int64_t h = 0; h < heads; ++h) {
            of.attend(work, s, h, scratch.data());
            of.attend_backward(back, s, h, scratch.data());
          }
        }
      };
      run(kernels, context, log_sums, dq, dk, dv);
      run(reference, context2, log_sums2, dq2, dk2, dv2);
      const std::string what = Shape(kernels, "attention", {head_size, way});
      Compare(what + " context", context, context2, 5e-6 * slack);
      Compare(what + " log_sums", log_sums, log_sums2, 2e-6);
      Compare(what + " query", dq, dq2, 2e-5 * slack);
      Compare(what + " key", dk, dk2, 2e-5 * slack);
      Compare(what + " value", dv, dv2, 2e-5 * slack);
    }
  }
}

/** What is not a number in, or too large for one, must show: as NaN, in all that depends on it. */
void TestNotFinite(const Kernels& kernels) {
  std::vector<float> scratch(AttentionScratch(20));
  const int64_t starts[] = {0, 20};
  for (const float odd : {NAN, INFINITY}) {
    Guarded q(20, 8), k(20, 8), v(20, 8), context(20, 8);
    k.At(17, 0) = odd;
    const Attention work{.starts = starts,
                         .longest = 20,
                         .heads = 1,
                         .head_size = 8,
                         .query = q.matrix(),
                         .key = k.matrix(),
                         .value = v.matrix(),
                         .dropout = nullptr,
                         .context = context.matrix(),
                         .log_sums = nullptr};
    kernels.attend(work, 0, 0, scratch.data());
    ++checks;
    int64_t shown = 0;
    // An infinite key gives some queries a score of minus infinity, which counts as zero.
    for (int64_t r = 0; r < 20; ++r) shown += std::isnan(context.At(r, 0)) || q.At(r, 0) < 0;
    if (shown < 20) Fail(std::string(kernels.name) + " attention hides what is not finite");
  }
  for (const ActivationKind kind :
       {ActivationKind::kGelu, ActivationKind::kGeluTanh, ActivationKind::kRelu}) {
    Guarded x(1, 20), y(1, 20);
    x.At(0, 3) = x.At(0, 18) = NAN;
    kernels.activate({kind, 20, x.matrix(), y.matrix(), true}, 0, 1);
    ++checks;
    if (!std::isnan(y.At(0, 3)) || !std::isnan(y.At(0, 18)))
      Fail(std::string(kernels.name) + " activation hides NaN");
  }
  if (!kernels.multiply_bf16) return;
  for (const uint32_t bits : {0xffffffffu, 0x7fffffffu, 0x7f800001u, 0x7fc00000u}) {
    for (const bool in_a : {false, true}) {
      Guarded a(20, 20), b(20, 20), c(20, 20);
      for (const int64_t i : {0, 19}) std::memcpy(&(in_a ? a : b).At(i, i), &bits, sizeof(bits));
      std::vector<float> space(kMultiplyScratch);
      for (const bool across : {false, true}) {
        const Matrix am = a.matrix(), bm = b.matrix();
        Product product{};
        product.m = product.n = product.k = 20;
        product.a = across ? Operand{am.data, 1, am.stride} : Operand{am.data, am.stride, 1};
        product.b = across ? Operand{bm.data, 1, bm.stride} : Operand{bm.data, bm.stride, 1};
        product.c = c.matrix();
        kernels.multiply_bf16(product, space.data());
        ++checks;
        if (!std::isnan(c.At(0, 0)) || !std::isnan(c.At(19, 19))) {
          Fail(Shape(kernels, "bf16 hides NaN", {bits, in_a, across}));
        }
      }
    }
  }
}

void TestAdamW(const Kernels& kernels, const Kernels& reference) {
  for (const int64_t n : {1, 16, 37, 1000}) {
    Guarded value(1, n), m(1, n), v(1, n), gradient(1, n);
    for (int64_t i = 0; i < n; ++i) v.At(0, i) *= v.At(0, i);
    Guarded value2 = value, m2 = m, v2 = v;
    AdamWRange work{.value = value.data(),
                    .exp_avg = m.data(),
                    .exp_avg_sq = v.data(),
                    .gradient = gradient.data(),
                    .gradient_scale = 0.7f,
                    .beta1 = 0.9,
                    .beta2 = 0.999,
                    .eps = 1e-8f,
                    .keep = 0.999f,
                    .step_size = 0.01f,
                    .denominator_scale = 1.3f};
    kernels.adamw(work, 0, n / 3);
    kernels.adamw(work, n / 3, n);
    work.value = value2.data(), work.exp_avg = m2.data(), work.exp_avg_sq = v2.data();
    reference.adamw(work, 0, n);
    const std::string what = Shape(kernels, "adamw", {n});
    Compare(what + " value", value, value2, 2e-6);
    Compare(what + " exp_avg", m, m2, 1e-6);
    Compare(what + " exp_avg_sq", v, v2, 1e-6);
    const double squares = kernels.sum_of_squares(gradient.data(), n);
    const double expected = reference.sum_of_squares(gradient.data(), n);
    ++checks;
    if (std::abs(squares - expected) > 1e-6 * expected) Fail(Shape(kernels, "sum_of_squares", {n}));
  }
}

/** Of many draws, the share that is dropped is the threshold's, and the mean stays. */
void TestDropRate(const Kernels& kernels) {
  Guarded x(1000, 640);
  for (int64_t r = 0; r < 1000; ++r) {
    for (int64_t c = 0; c < 640; ++c) x.At(r, c) = 1;
  }
  kernels.drop({640, x.matrix(), DropoutOf(0.1)}, 0, 1000);
  double dropped = 0, sum = 0;
  for (int64_t r = 0; r < 1000; ++r) {
    for (int64_t c = 0; c < 640; ++c) dropped += x.At(r, c) == 0, sum += x.At(r, c);
  }
  ++checks;
  // 640,000 draws have a standard deviation of 0.0004 in their share.
  if (std::abs(dropped / 640000 - 0.1) > 0.002 || std::abs(sum / 640000 - 1) > 0.002) {
    Fail(Shape(kernels, "drop rate", {static_cast<int64_t>(dropped)}));
  }
}

/** The words that Random123's known answers give for a counter and key of zeros: 6b200159 99ba4efe. */
void TestKnownDraws(const Kernels& kernels) {
  const struct {
    int64_t element;
    uint32_t draw;
  } known[] = {{0, 0x0159}, {16, 0x6b20}, {32, 0x4efe}, {48, 0x99ba}};
  for (const auto& [element, draw] : known) {
    for (const uint32_t above : {0u, 1u}) {
      Guarded x(1, 64);
      x.At(0, element) = 1;
      kernels.drop({64, x.matrix(), {{0, 0}, 0, draw + above, 1.0f}}, 0, 1);
      ++checks;
      if ((x.At(0, element) == 0) != (above == 1)) Fail(Shape(kernels, "known draw", {element, above}));
    }
  }
}

}  // namespace

int main() {
  const std::vector<const Kernels*> available = Available();
  const Kernels& reference = *available.back();
  for (const Kernels* kernels : available) {
    const int before = checks;
    TestMultiply(*kernels, reference);
    TestSelfTest(*kernels);
    if (kernels != &reference) TestInt8(*kernels, reference);
    TestNorm(*kernels, reference);
    TestRows(*kernels, reference);
    TestAttention(*kernels, reference);
    TestNotFinite(*kernels);
    TestAdamW(*kernels, reference);
    TestDropRate(*kernels);
    TestKnownDraws(*kernels);
    std::printf("%s: %d checks\n", kernels->name, checks - before);
  }
  return failures == 0 ? 0 : 1;
}
