#include "nn/recompute.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <utility>

#include "core/autocast.h"

namespace torchner {
namespace {

using Block = std::function<at::Tensor(const at::Tensor&)>;
using torch::autograd::variable_list;

/** Puts the device's generator into a state, and back into its own at the end. */
class GeneratorScope {
 public:
  GeneratorScope(c10::Device device, const at::Tensor& state)
      : generator_(at::globalContext().defaultGenerator(device)), own_(generator_.get_state()) {
    generator_.set_state(state);
  }
  ~GeneratorScope() { generator_.set_state(own_); }
  GeneratorScope(const GeneratorScope&) = delete;
  GeneratorScope& operator=(const GeneratorScope&) = delete;

 private:
  at::Generator generator_;
  at::Tensor own_;
};

/** What the second pass needs beside the input, in the form in which a graph can hold it. */
struct SecondPass : torch::CustomClassHolder {
  Block block;
  at::Tensor generator_state;
  bool bf16 = false;
};

struct Recompute : torch::autograd::Function<Recompute> {
  /** libtorch calls it without grad mode. */
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const c10::intrusive_ptr<SecondPass>& second) {
    context->save_for_backward({x});
    context->saved_data["second"] = c10::IValue::make_capsule(second);
    return second->block(x);
  }

  static variable_list backward(torch::autograd::AutogradContext* context, variable_list gradients) {
    const auto second =
        c10::static_intrusive_pointer_cast<SecondPass>(context->saved_data["second"].toCapsule());
    at::AutoGradMode grad(true);
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
    at::Tensor y;
    {
      GeneratorScope generator(x.device(), second->generator_state);
      AutocastScope autocast(x.device().type(), second->bf16);
      // Autocast keeps the casts of leaves, and a kept cast sums its gradients in bfloat16: a view is no
      // leaf.
      y = second->block(x.view_as(x));
    }
    // Adds to the parameters' gradients, as the graph that was not kept would have.
    torch::autograd::backward({y}, {gradients[0]});
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor Recomputed(Block block, const at::Tensor& x) {
  if (!at::GradMode::is_enabled()) return block(x);
  auto second = c10::make_intrusive<SecondPass>();
  second->block = std::move(block);
  second->generator_state = at::globalContext().defaultGenerator(x.device()).get_state();
  second->bf16 = at::autocast::is_autocast_enabled(x.device().type());
  return Recompute::apply(x, second);
}

}  // namespace torchner
