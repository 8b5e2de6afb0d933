#include "optim/gradient_scale.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace torchner {
namespace {

struct Waiting {
  std::vector<at::Tensor> gradients;
  float scale = 1;
};

Waiting& TheWaiting() {
  // Never destroyed: at the end of the process libtorch may be gone before it.
  static Waiting& waiting = *new Waiting;
  return waiting;
}

}  // namespace

void SettleGradientScale() {
  const Waiting waiting = std::exchange(TheWaiting(), {});
  at::NoGradGuard no_grad;
  if (waiting.scale != 1) at::_foreach_mul_(waiting.gradients, waiting.scale);
}

void ScaleLater(std::vector<at::Tensor> gradients, float scale) {
  SettleGradientScale();
  TheWaiting() = {std::move(gradients), scale};
}

float TakeGradientScale(const std::vector<at::Tensor>& gradients) {
  const bool same = std::ranges::equal(
      TheWaiting().gradients, gradients,
      [](const at::Tensor& waiting, const at::Tensor& given) { return waiting.is_same(given); });
  if (!same) {
    SettleGradientScale();
    return 1;
  }
  return std::exchange(TheWaiting(), {}).scale;
}

}  // namespace torchner
