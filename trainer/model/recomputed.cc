#include "trainer/model/recomputed.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <utility>

namespace eoa::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;
using ForwardFunction = std::function<at::Tensor(const at::Tensor&)>;

at::Generator GeneratorOf(const at::Tensor& tensor) { return at::globalContext().defaultGenerator(tensor.device()); }

at::Tensor StateOf(at::Generator generator) {
  const std::scoped_lock lock(generator.mutex());
  return generator.get_state();
}

// Puts the generator back into a former state, and at the end into that which it had.
class FormerRandomness {
 public:
  FormerRandomness(at::Generator generator, const at::Tensor& state)
      : generator_(std::move(generator)), present_(StateOf(generator_)) {
    Set(state);
  }
  FormerRandomness(const FormerRandomness&) = delete;
  FormerRandomness& operator=(const FormerRandomness&) = delete;
  ~FormerRandomness() { Set(present_); }

 private:
  void Set(const at::Tensor& state) {
    const std::scoped_lock lock(generator_.mutex());
    generator_.set_state(state);
  }

  at::Generator generator_;
  at::Tensor present_;
};

// A backward pass runs without the autocast of its forward pass.
class FormerAutocast {
 public:
  FormerAutocast(c10::DeviceType device, bool enabled, at::ScalarType type)
      : device_(device), was_enabled_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_enabled(device, enabled);
    if (enabled) at::autocast::set_autocast_dtype(device, type);
    at::autocast::increment_nesting();
  }
  FormerAutocast(const FormerAutocast&) = delete;
  FormerAutocast& operator=(const FormerAutocast&) = delete;
  ~FormerAutocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
  }

 private:
  c10::DeviceType device_;
  bool was_enabled_;
};

// Lives as long as the graph.
struct Part : torch::CustomClassHolder {
  ForwardFunction forward;
  at::Tensor randomness;
  bool autocast = false;
  at::ScalarType type = at::kBFloat16;
};

struct Recompute : torch::autograd::Function<Recompute> {
  static Variable forward(AutogradContext* context, const Variable& input, const c10::intrusive_ptr<Part>& part) {
    context->save_for_backward({input});
    context->saved_data["part"] = c10::IValue::make_capsule(part);
    return part->forward(input);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto capsule = context->saved_data["part"].toCapsule();
    const Part& part = static_cast<const Part&>(*capsule);
    const at::Tensor input = context->get_saved_variables()[0].detach().requires_grad_();
    at::Tensor output;
    {
      const at::AutoGradMode with_grad(true);
      const FormerRandomness randomness(GeneratorOf(input), part.randomness);
      const FormerAutocast autocast(input.device().type(), part.autocast, part.type);
      output = part.forward(input);
    }
    torch::autograd::backward({output}, {gradients[0]});
    return {input.grad(), Variable()};
  }
};

}  // namespace

at::Tensor Recomputed(const ForwardFunction& forward, const at::Tensor& input) {
  const auto device = input.device().type();
  const auto part = c10::make_intrusive<Part>();
  part->forward = forward;
  part->randomness = StateOf(GeneratorOf(input));
  part->autocast = at::autocast::is_autocast_enabled(device);
  if (part->autocast) part->type = at::autocast::get_autocast_dtype(device);
  return Recompute::apply(input, part);
}

}  // namespace eoa::train
