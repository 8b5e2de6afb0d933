#include "core/numerics.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

namespace torchner {
namespace {

// MKL, libtorch's default for float32 products, runs AVX2 kernels on AMD. Allowing oneDNN "bf16" products
// moves them to oneDNN, whose AVX-512 kernels stay true float32 where the CPU has no bf16 matrix unit.
void SelectOneDnn(bool on) {
  at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                          on ? at::Float32Precision::BF16 : at::Float32Precision::NONE);
}

struct Product {
  at::Tensor value;
  double relative_error;
};

Product TestProduct(bool one_dnn) {
  at::NoGradGuard no_grad;
  // Sizes of a real layer, so that the kernel measured is the kernel used; sines, so that no generator moves.
  const auto wave = [](int64_t rows, int64_t columns, double phase) {
    return at::arange(rows * columns, at::kDouble).mul(0.37).add(phase).sin().view({rows, columns});
  };
  const at::Tensor input = wave(128, 384, 0.0), weight = wave(384, 384, 0.5);
  const at::Tensor exact =
      at::mm(input.to(at::kFloat).to(at::kDouble), weight.to(at::kFloat).t().to(at::kDouble));
  SelectOneDnn(one_dnn);
  const at::Tensor product = at::linear(input.to(at::kFloat), weight.to(at::kFloat));
  SelectOneDnn(false);
  const double error = (product.to(at::kDouble) - exact).abs().max().item<double>();
  return {product, error / exact.abs().max().item<double>()};
}

}  // namespace

const MatmulChoice& FastMatmul() {
  static const MatmulChoice choice = [] {
    constexpr double kTrueFloat32 = 1e-5;  // float32 gives about 4e-7 here, bf16 about 4e-3
    const Product standard = TestProduct(false);
    if (!at::hasMKLDNN()) return MatmulChoice{"default", standard.relative_error};
    const Product one_dnn = TestProduct(true);
    // The same bits mean the same kernel: on CPUs without AVX-512 libtorch ignores the setting.
    if (one_dnn.relative_error > kTrueFloat32 || at::equal(one_dnn.value, standard.value)) {
      return MatmulChoice{"default", standard.relative_error};
    }
    return MatmulChoice{"oneDNN", one_dnn.relative_error};
  }();
  return choice;
}

NumericsScope::NumericsScope(Numerics numerics) {
  SelectOneDnn(numerics == Numerics::kFast && FastMatmul().backend == "oneDNN");
}

NumericsScope::~NumericsScope() {
  SelectOneDnn(false);
}

}  // namespace torchner
