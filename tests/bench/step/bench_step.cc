// bench_step MODEL sgd|asam BATCH THREADS: for each line read, does that many training steps on random images (32x32,
// 224x224 for Vision Transformers) and prints the seconds they took. step.py runs it side by side with torch_steps.py.
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <chrono>
#include <iostream>
#include <string>

#include "trainer/model/keep_memory.h"
#include "trainer/model/loss.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

constexpr int kClasses = 10;

Status Step(Model& model, Optimizer& optimizer, const at::Tensor& images, const at::Tensor& labels) {
  optimizer.ZeroGradients();
  CrossEntropy(model.Forward(images, {.training = true}), labels, 0.1).backward();
  if (optimizer.ascends()) {
    EOA_RETURN_IF_ERROR(optimizer.Ascend());
    optimizer.ZeroGradients();
    CrossEntropy(model.Forward(images, {.training = true, .track_statistics = false}), labels, 0.1).backward();
  }
  return optimizer.Step(0.05);
}

Status Serve(const std::string& name, const std::string& optimizer_name, std::int64_t batch) {
  api::TrainerSpec spec;
  spec.model.name = name;
  spec.model.image_size = api::FindVisionTransformer(name) ? 224 : 32;
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model, MakeModel(spec, kClasses, 1));
  const auto chosen = optimizer_name == "asam" ? api::Optimizer::kAsam : api::Optimizer::kSgd;
  Optimizer optimizer({.name = chosen, .momentum = 0.9, .weight_decay = 5e-4, .rho = 0.5}, model->parameters());
  const at::Tensor images =
      at::randn({batch, 3, spec.model.image_size, spec.model.image_size}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::randint(kClasses, {batch}, at::kLong);
  int steps = 0;
  while (std::cin >> steps) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) EOA_RETURN_IF_ERROR(Step(*model, optimizer, images, labels));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << took.count() << std::endl;
  }
  return OkStatus();
}

}  // namespace
}  // namespace eoa::train

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bench_step MODEL sgd|asam BATCH THREADS\n";
    return 2;
  }
  eoa::train::KeepFreedMemory();  // as the worker does
  at::set_num_threads(std::stoi(argv[4]));
  const eoa::Status status = eoa::train::Serve(argv[1], argv[2], std::stoi(argv[3]));
  if (!status.ok()) std::cerr << status.error().ToString() << "\n";
  return status.ok() ? 0 : 1;
}
