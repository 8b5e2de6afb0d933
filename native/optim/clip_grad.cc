#include "optim/clip_grad.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/parallel.h"
#include "kernels/kernels.h"
#include "optim/gradient_scale.h"
#include "optim/runs.h"

namespace torchner {
namespace {

double SumOfSquares(const std::vector<at::Tensor>& gradients) {
  const std::vector<Run> runs = CutIntoRuns(gradients);
  std::vector<double> sums(runs.size());
  ParallelTasks(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    const float* data = gradients[runs[i].tensor].const_data_ptr<float>();
    sums[i] = kernels::Selected().sum_of_squares(data + runs[i].begin, runs[i].end - runs[i].begin);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

at::Tensor ClipLater(const std::vector<at::Tensor>& gradients, double max_norm) {
  // A scale that still waits belongs to the gradients whose norm is asked for.
  SettleGradientScale();
  const double norm = std::sqrt(SumOfSquares(gradients));
  const double coefficient = max_norm / (norm + 1e-6);
  // Not std::min: a norm that is not a number must show in the weights, as it does in torch.
  ScaleLater(gradients, coefficient > 1 ? 1.0f : static_cast<float>(coefficient));
  return at::scalar_tensor(norm, at::kFloat);
}

at::Tensor ClipNow(const std::vector<at::Tensor>& gradients, double max_norm) {
  SettleGradientScale();
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2.0)), 2.0);
  const at::Tensor coefficient = (max_norm / (norm + 1e-6)).clamp_max(1.0);
  at::_foreach_mul_(gradients, coefficient);
  return norm;
}

}  // namespace

at::Tensor ClipGradNorm(const std::vector<at::Tensor>& gradients, double max_norm, Numerics numerics) {
  at::NoGradGuard no_grad;
  if (gradients.empty()) return at::zeros({}, at::kFloat);
  return numerics == Numerics::kFast && SuitKernels(gradients) ? ClipLater(gradients, max_norm)
                                                               : ClipNow(gradients, max_norm);
}

}  // namespace torchner
