// bench_step KEY=VALUE...: training steps on random images, which lie on the device that computes. For each line read,
// does that many steps and prints the seconds they took and the mean loss. step.py runs it side by side with
// torch_steps.py, on the CPU and on a GPU.
//   model=wrn-16-8 optimizer=sgd|adamw|sam|asam batch=128 threads=1 precision=fp32|tf32|bf16 device=Cpu|Cuda
//   graphs=1 checkpointing=0 accumulation=1
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "trainer/device/device.h"
#include "trainer/engine/train_step.h"
#include "trainer/model/keep_memory.h"
#include "trainer/model/loss.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

constexpr int kClasses = 10;

using Arguments = std::map<std::string, std::string>;

std::string Get(const Arguments& arguments, const std::string& key, const std::string& otherwise) {
  const auto found = arguments.find(key);
  return found == arguments.end() ? otherwise : found->second;
}

api::TrainerSpec SpecFrom(const Arguments& arguments) {
  static const std::map<std::string, api::Optimizer> kOptimizers = {{"sgd", api::Optimizer::kSgd},
                                                                    {"adamw", api::Optimizer::kAdamW},
                                                                    {"sam", api::Optimizer::kSam},
                                                                    {"asam", api::Optimizer::kAsam}};
  static const std::map<std::string, api::Precision> kPrecisions = {
      {"fp32", api::Precision::kFp32}, {"tf32", api::Precision::kTf32}, {"bf16", api::Precision::kBf16}};
  api::TrainerSpec spec;
  spec.model.name = Get(arguments, "model", "wrn-16-8");
  spec.model.image_size = api::FindVisionTransformer(spec.model.name) ? 224 : 32;
  spec.optimizer = {.name = kOptimizers.at(Get(arguments, "optimizer", "sgd")), .weight_decay = 5e-4, .rho = 0.5};
  spec.label_smoothing = 0.1;
  spec.batch_size_per_member = std::stoi(Get(arguments, "batch", "128"));
  spec.gradient_accumulation = std::stoi(Get(arguments, "accumulation", "1"));
  spec.activation_checkpointing = Get(arguments, "checkpointing", "0") == "1";
  spec.precision = kPrecisions.at(Get(arguments, "precision", "fp32"));
  spec.device.kind = Get(arguments, "device", "Cpu") == "Cuda" ? api::DeviceKind::kCuda : api::DeviceKind::kCpu;
  spec.device.graphs = Get(arguments, "graphs", "1") == "1";
  return spec;
}

Status Serve(const api::TrainerSpec& spec) {
  EOA_ASSIGN_OR_RETURN(const c10::Device device, UseDevice(spec.device, spec.precision, 0));
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model, MakeModel(spec, kClasses, 1));
  model->parameters().MoveTo(device);
  Optimizer optimizer(spec.optimizer, model->parameters());
  const FlatWeights start(model->parameters().All());
  const std::unique_ptr<Comm> solo = MakeSoloComm();
  const StepParts parts{spec, *model, optimizer, *solo, start};
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<TrainStep> step,
                       device.is_cpu() ? MakeCheckedStep(parts) : MakeQueuedStep(parts));
  const std::int64_t size = spec.model.image_size;
  std::vector<MicroBatch> batches;
  for (int i = 0; i < spec.gradient_accumulation; ++i) {
    const at::Tensor images = at::randn({spec.batch_size_per_member, 3, size, size});
    batches.push_back({images.contiguous(at::MemoryFormat::ChannelsLast).to(device),
                       at::randint(kClasses, {spec.batch_size_per_member}, at::kLong).to(device)});
  }
  int steps = 0;
  while (std::cin >> steps) {
    step->BeginGeneration();
    const auto start_time = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) EOA_RETURN_IF_ERROR(step->Run(batches, 0.01));
    EOA_RETURN_IF_ERROR(step->EndGeneration());
    Synchronize(device);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_time;
    std::cout << took.count() << " " << step->mean_loss() << " " << MemoryOf(device).peak_bytes << std::endl;
  }
  return OkStatus();
}

}  // namespace
}  // namespace eoa::train

int main(int argc, char** argv) {
  eoa::train::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      std::cerr << "usage: bench_step KEY=VALUE..., see bench_step.cc\n";
      return 2;
    }
    arguments[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  eoa::train::KeepFreedMemory();  // as the worker does
  at::set_num_threads(std::stoi(eoa::train::Get(arguments, "threads", "1")));
  const eoa::Status status = eoa::train::Serve(eoa::train::SpecFrom(arguments));
  if (!status.ok()) std::cerr << status.error().ToString() << "\n";
  return status.ok() ? 0 : 1;
}
