#include "optim/gradient_scale.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace torchner {
namespace {

using WeakTensor = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

struct Waiting {
  std::vector<WeakTensor> gradients;
  float scale = 1;
};

Waiting& TheWaiting() {
  // Never destroyed: at the end of the process libtorch may be gone before it.
  static Waiting& waiting = *new Waiting;
  return waiting;
}

bool WaitsFor(const std::vector<at::Tensor>& gradients) {
  return std::ranges::equal(TheWaiting().gradients, gradients,
                            [](const WeakTensor& waiting, const at::Tensor& given) {
                              return waiting._unsafe_get_target() == given.unsafeGetTensorImpl();
                            });
}

}  // namespace

void SettleGradientScale() {
  const Waiting waiting = std::exchange(TheWaiting(), {});
  if (waiting.scale == 1) return;
  std::vector<at::Tensor> alive;
  for (const WeakTensor& gradient : waiting.gradients) {
    if (auto locked = gradient.lock()) alive.emplace_back(std::move(locked));
  }
  at::NoGradGuard no_grad;
  if (!alive.empty()) at::_foreach_mul_(alive, waiting.scale);
}

void ScaleLater(const std::vector<at::Tensor>& gradients, float scale) {
  SettleGradientScale();
  Waiting& waiting = TheWaiting();
  for (const at::Tensor& gradient : gradients) waiting.gradients.emplace_back(gradient.getIntrusivePtr());
  waiting.scale = scale;
}

float WaitingGradientScale(const std::vector<at::Tensor>& gradients) {
  if (!WaitsFor(gradients)) SettleGradientScale();
  return TheWaiting().scale;
}

void DropGradientScale(const std::vector<at::Tensor>& gradients) {
  if (WaitsFor(gradients)) TheWaiting() = {};
}

}  // namespace torchner
