#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernels.h"

namespace torchner::kernels {
namespace {

/** About what float32 gives, and bfloat16, relative to the largest element. */
constexpr double kFloat32Error = 1e-6, kBFloat16Error = 1e-2;

/** Of c = a b^T + bias for sizes that leave no block and no panel whole, against sums in float64. */
double ErrorOf(void (*multiply)(const Product&, float* scratch)) {
  constexpr int64_t kRows = 31, kColumns = 49, kDepth = 331;
  const auto wave = [](int64_t n, double phase) {
    std::vector<float> values(n);
    for (int64_t i = 0; i < n; ++i) {
      values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i) + phase));
    }
    return values;
  };
  const std::vector<float> a = wave(kRows * kDepth, 0), b = wave(kColumns * kDepth, 0.5),
                           bias = wave(kColumns, 1);
  std::vector<float> c(kRows * kColumns), scratch(kMultiplyScratch);
  Product product{};
  product.m = kRows, product.n = kColumns, product.k = kDepth;
  product.a = {a.data(), kDepth, 1};
  product.b = {b.data(), 1, kDepth};
  product.c = {c.data(), kColumns};
  product.bias = bias.data();
  multiply(product, scratch.data());
  double largest = 0, error = 0;
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t j = 0; j < kColumns; ++j) {
      double sum = bias[j];
      for (int64_t k = 0; k < kDepth; ++k) sum += double{a[i * kDepth + k]} * b[j * kDepth + k];
      const double apart = std::abs(sum - c[i * kColumns + j]);
      if (std::isnan(apart)) return INFINITY;
      largest = std::fmax(largest, std::abs(sum));
      error = std::fmax(error, apart);
    }
  }
  return error / largest;
}

}  // namespace

bool MultipliesRight(const Kernels& kernels) {
  if (ErrorOf(kernels.multiply) > kFloat32Error) return false;
  return !kernels.multiply_bf16 || ErrorOf(kernels.multiply_bf16) <= kBFloat16Error;
}

}  // namespace torchner::kernels
