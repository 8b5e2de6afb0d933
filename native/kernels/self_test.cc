#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernels.h"

namespace torchner::kernels {
namespace {

/** Far above what rounding in that precision does to these sums, far below what a wrong product does. */
double LimitOf(Precision precision) {
  return precision == Precision::kFloat32 ? 1e-5 : 3e-2;
}

/** Relative to the largest element, of c = a b^T + bias for sizes that leave no block and no panel whole. */
double ErrorOf(const Kernels& kernels, Precision precision) {
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
  constexpr int64_t kPanels = (kColumns + kPanelColumns - 1) / kPanelColumns;
  std::vector<float> c(kRows * kColumns), scratch(kMultiplyScratch);
  std::vector<float> packed(kPanels * kPanelColumns * CellsOf(precision, kDepth));
  Product product{};
  product.m = kRows, product.n = kColumns, product.k = kDepth;
  product.a = {a.data(), kDepth, 1};
  product.b = {b.data(), 1, kDepth};
  product.c = {c.data(), kColumns};
  product.bias = bias.data();
  if (precision == Precision::kInt8) {
    kernels.pack(precision, product.b, kDepth, kColumns, packed.data());
    product.packed = packed.data();
  }
  const auto multiply = precision == Precision::kFloat32    ? kernels.multiply
                        : precision == Precision::kBFloat16 ? kernels.multiply_bf16
                                                            : kernels.multiply_int8;
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
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
    if (precision == Precision::kBFloat16 && !kernels.multiply_bf16) continue;
    if (ErrorOf(kernels, precision) > LimitOf(precision)) return false;
  }
  return true;
}

}  // namespace torchner::kernels
