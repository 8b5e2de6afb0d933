#include "optim/adamw.h"

#include <ATen/ATen.h>

#include "optim/clip_grad.h"

namespace torchner {

AdamW::AdamW(std::vector<Parameter> parameters, AdamWOptions options)
    : parameters_(std::move(parameters)), options_(options) {}

void AdamW::AllocateState() {
  if (!state_.empty()) return;
  for (const Parameter& parameter : parameters_) {
    const at::Tensor value = parameter.tensor.detach();
    state_.push_back({at::zeros_like(value), at::zeros_like(value), at::zeros({}, value.options())});
  }
}

void AdamW::StepGroup(bool decays, double lr) {
  std::vector<at::Tensor> values, gradients, exp_avgs, exp_avg_sqs, steps;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& value = parameters_[i].tensor;
    if (parameters_[i].decays() != decays || !value.grad().defined()) continue;
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

void AdamW::Step(double lr) {
  at::NoGradGuard no_grad;
  AllocateState();
  StepGroup(true, lr);
  StepGroup(false, lr);
}

void AdamW::ZeroGrad() {
  for (Parameter& parameter : parameters_) parameter.tensor.mutable_grad() = at::Tensor();
}

at::Tensor AdamW::ClipGradients(double max_norm) {
  std::vector<at::Tensor> values;
  for (const Parameter& parameter : parameters_) values.push_back(parameter.tensor);
  return ClipGradNorm(values, max_norm);
}

std::vector<NamedTensor> AdamW::NamedState() {
  AllocateState();
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    named.push_back({"exp_avg." + parameters_[i].name, state_[i].exp_avg});
    named.push_back({"exp_avg_sq." + parameters_[i].name, state_[i].exp_avg_sq});
    named.push_back({"step." + parameters_[i].name, state_[i].step});
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
