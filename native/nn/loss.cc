#include "nn/loss.h"

#include <ATen/ATen.h>

#include "core/batch.h"

namespace torchner {
namespace {

at::Tensor SmoothedLoss(const at::Tensor& scores, const at::Tensor& labels, double smoothing) {
  const at::Tensor surprise = -at::log_softmax(scores, -1);
  const at::Tensor targets = labels.unsqueeze(-1);
  const at::Tensor ignored = targets.eq(kIgnoreIndex);
  // An ignored label would point outside the row; its entry is masked below.
  const at::Tensor of_label = surprise.gather(-1, targets.clamp_min(0)).masked_fill(ignored, 0.0);
  const at::Tensor of_all = surprise.sum(-1, /*keepdim=*/true, at::kFloat).masked_fill(ignored, 0.0);
  const at::Tensor count = ignored.logical_not().sum();
  const at::Tensor nll = of_label.sum() / count;
  const at::Tensor uniform = of_all.sum() / (count * scores.size(-1));
  return (1 - smoothing) * nll + smoothing * uniform;
}

}  // namespace

at::Tensor TokenLoss(const at::Tensor& scores, const at::Tensor& labels, double smoothing) {
  if (smoothing > 0) return SmoothedLoss(scores.to(at::kFloat), labels, smoothing);
  return at::cross_entropy_loss(scores, labels).to(at::kFloat);
}

}  // namespace torchner
