#include "optim/adamw.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/kernels.h"
#include "optim/clip_grad.h"
#include "optim/gradient_scale.h"
#include "optim/runs.h"

namespace torchner {

AdamW::AdamW(std::shared_ptr<const TokenClassifier> model, AdamWOptions options)
    : model_(std::move(model)), options_(options) {}

const std::vector<Parameter>& AdamW::Parameters() const {
  if (model_->packed()) {
    throw Error(ErrorCode::kState, "AdamW: the model was packed for inference; load it again to train.");
  }
  return model_->parameters();
}

void AdamW::AllocateState() {
  if (!state_.empty()) return;
  for (const Parameter& parameter : Parameters()) {
    const at::Tensor value = parameter.tensor.detach();
    state_.push_back({at::zeros_like(value), at::zeros_like(value), at::zeros({}, value.options())});
  }
}

void AdamW::StepGroup(bool decays, double lr) {
  std::vector<at::Tensor> values, gradients, exp_avgs, exp_avg_sqs, steps;
  for (size_t i = 0; i < Parameters().size(); ++i) {
    const at::Tensor& value = Parameters()[i].tensor;
    if (Parameters()[i].decays() != decays || !value.grad().defined()) continue;
    values.push_back(value);
    gradients.push_back(value.grad());
    exp_avgs.push_back(state_[i].exp_avg);
    exp_avg_sqs.push_back(state_[i].exp_avg_sq);
    steps.push_back(state_[i].step);
  }
  if (values.empty()) return;
  at::_foreach_add_(steps, 1);
  at::_fused_adamw_(values, gradients, exp_avgs, exp_avg_sqs, {}, steps, lr, options_.beta1, options_.beta2,
                    decays ? options_.weight_decay : 0.0, options_.eps, /*amsgrad=*/false,
                    /*maximize=*/false);
}

void AdamW::StepOnKernels(double lr, const std::vector<at::Tensor>& gradients) {
  const float scale = WaitingGradientScale(gradients);
  std::vector<kernels::AdamWRange> ranges;
  for (size_t i = 0; i < Parameters().size(); ++i) {
    const at::Tensor& value = Parameters()[i].tensor;
    if (!value.grad().defined()) continue;
    float& steps = *state_[i].step.mutable_data_ptr<float>();
    steps += 1;
    const double decay = Parameters()[i].decays() ? options_.weight_decay : 0.0;
    ranges.push_back(
        {.value = value.mutable_data_ptr<float>(),
         .exp_avg = state_[i].exp_avg.mutable_data_ptr<float>(),
         .exp_avg_sq = state_[i].exp_avg_sq.mutable_data_ptr<float>(),
         .gradient = value.grad().const_data_ptr<float>(),
         .gradient_scale = scale,
         .beta1 = options_.beta1,
         .beta2 = options_.beta2,
         .eps = static_cast<float>(options_.eps),
         .keep = static_cast<float>(1 - lr * decay),
         .step_size = static_cast<float>(lr / (1 - std::pow(options_.beta1, steps))),
         .denominator_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, steps)))});
  }
  const std::vector<Run> runs = CutIntoRuns(gradients);
  ParallelTasks(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    kernels::Selected().adamw(ranges[runs[i].tensor], runs[i].begin, runs[i].end);
  });
}

std::vector<at::Tensor> AdamW::Gradients() const {
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : Parameters()) {
    if (parameter.tensor.grad().defined()) gradients.push_back(parameter.tensor.grad());
  }
  return gradients;
}

void AdamW::Step(double lr, Numerics numerics) {
  at::NoGradGuard no_grad;
  AllocateState();
  const std::vector<at::Tensor> gradients = Gradients();
  if (numerics == Numerics::kFast && SuitKernels(gradients)) return StepOnKernels(lr, gradients);
  SettleGradientScale();
  StepGroup(true, lr);
  StepGroup(false, lr);
}

void AdamW::ZeroGrad() {
  DropGradientScale(Gradients());
  for (const Parameter& parameter : model_->parameters()) parameter.tensor.mutable_grad() = at::Tensor();
}

at::Tensor AdamW::ClipGradients(double max_norm, Numerics numerics) {
  return ClipGradNorm(Gradients(), max_norm, numerics);
}

std::vector<NamedTensor> AdamW::NamedState() {
  AllocateState();
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < Parameters().size(); ++i) {
    named.push_back({"exp_avg." + Parameters()[i].name, state_[i].exp_avg});
    named.push_back({"exp_avg_sq." + Parameters()[i].name, state_[i].exp_avg_sq});
    named.push_back({"step." + Parameters()[i].name, state_[i].step});
  }
  return named;
}

void AdamW::Save(const std::string& path) {
  at::NoGradGuard no_grad;
  WriteSafetensors(path, NamedState());
}

void AdamW::Load(const std::string& path) {
  at::NoGradGuard no_grad;
  ReadExactly({path}, NamedState());
}

}  // namespace torchner
