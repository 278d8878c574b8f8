// record_training OUT MODEL OPTIMIZER float32|float64: trains a small model for a few steps on random images and writes
// what it started from, computed and ended with to the safetensors file OUT, settings as its metadata. model_parity.py
// compares.
//
// Arrays: images, labels (one batch a step); logits, loss and gradient/NAME of the first step; losses; initial/NAME and
// final/NAME for parameters and buffers; evaluated: logits of the first images by the final model.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/number.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/model/loss.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

constexpr int kClasses = 10;
constexpr double kLearningRate = 0.02;
constexpr double kSmoothing = 0.1;

struct ModelCase {
  api::TrainerSpec trainer;
  std::int64_t batch = 0;
  int steps = 0;
};

ModelCase FindModel(const std::string& name) {
  const bool image_net = name == "resnet-18-imagenet";
  api::TrainerSpec trainer;
  api::Model& model = trainer.model;
  model.name = name.starts_with("resnet-18") ? "resnet-18" : name;
  model.image_size = image_net ? 64 : 16;
  model.stem = image_net ? api::Stem::kImageNet : api::Stem::kCifar;
  const bool wide = name.starts_with("wrn");
  if (name.starts_with("vit-")) return {trainer, 8, 10};
  return {trainer, wide ? 16 : 8, wide ? 20 : 3};
}

std::map<std::string, api::OptimizerSpec> Optimizers() {
  using api::AsamForm;
  using api::Optimizer;
  return {
      {"sgd", {.name = Optimizer::kSgd, .momentum = 0.9, .weight_decay = 5e-4}},
      {"sgd-plain", {.name = Optimizer::kSgd, .momentum = 0, .weight_decay = 0}},
      {"sgd-nesterov", {.name = Optimizer::kSgd, .momentum = 0.9, .nesterov = true, .weight_decay = 5e-4}},
      {"sgd-clipped", {.name = Optimizer::kSgd, .momentum = 0.9, .weight_decay = 5e-4, .clip_gradient_norm = 0.5}},
      {"adamw", {.name = Optimizer::kAdamW, .weight_decay = 0.05, .beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-6}},
      {"sam", {.name = Optimizer::kSam, .weight_decay = 5e-4, .rho = 0.1}},
      {"asam-davda54", {.name = Optimizer::kAsam, .weight_decay = 5e-4, .rho = 0.5, .asam_form = AsamForm::kDavda54}},
      {"asam-original", {.name = Optimizer::kAsam, .weight_decay = 5e-4, .rho = 0.5, .asam_form = AsamForm::kOriginal}},
  };
}

Metadata Describe(const std::string& model, const std::string& optimizer, const api::OptimizerSpec& spec) {
  return {{"model", model},
          {"optimizer", optimizer},
          {"learning_rate", FormatNumber(kLearningRate)},
          {"smoothing", FormatNumber(kSmoothing)},
          {"momentum", FormatNumber(spec.momentum)},
          {"weight_decay", FormatNumber(spec.weight_decay)},
          {"clip", FormatNumber(spec.clip_gradient_norm)},
          {"beta1", FormatNumber(spec.beta1)},
          {"beta2", FormatNumber(spec.beta2)},
          {"epsilon", FormatNumber(spec.epsilon)},
          {"rho", FormatNumber(spec.rho)}};
}

ElementType TypeOf(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kLong) return ElementType::kInt64;
  return tensor.scalar_type() == at::kDouble ? ElementType::kFloat64 : ElementType::kFloat32;
}

class Recording {
 public:
  void Add(const std::string& name, const at::Tensor& value) {
    tensors_.push_back({name, value.detach().clone(at::MemoryFormat::Contiguous)});
  }

  void AddAll(const std::string& prefix, const ParameterSet& set) {
    for (const NamedTensor& entry : set.All()) Add(prefix + entry.name, entry.tensor);
  }

  Status Write(const std::string& path, const Metadata& metadata) const {
    std::vector<NamedArray> arrays;
    for (const NamedTensor& entry : tensors_) {
      const auto* bytes = static_cast<const char*>(entry.tensor.const_data_ptr());
      arrays.push_back({entry.name, TypeOf(entry.tensor), entry.tensor.sizes().vec(),
                        std::string_view(bytes, entry.tensor.nbytes())});
    }
    EOA_RETURN_IF_ERROR(WriteSafetensors(RealFileSystem(), path, arrays, metadata, Durability::kTransient));
    return OkStatus();
  }

 private:
  std::vector<NamedTensor> tensors_;
};

Status Record(const std::string& out, const std::string& model_name, const std::string& optimizer_name,
              at::ScalarType type) {
  const ModelCase chosen = FindModel(model_name);
  const auto optimizers = Optimizers();
  const auto found = optimizers.find(optimizer_name);
  if (found == optimizers.end()) return InvalidArgumentError("no optimizer " + optimizer_name);
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model, MakeModel(chosen.trainer, kClasses, /*seed=*/7));
  // The model's own tensors, so that all its layers compute with the type.
  for (const NamedTensor& entry : model->parameters().All()) entry.tensor.set_data(entry.tensor.to(type));
  Optimizer optimizer(found->second, model->parameters());

  at::Generator random = at::detail::createCPUGenerator(11);
  const std::int64_t size = chosen.trainer.model.image_size;
  const at::Tensor images = at::empty({chosen.steps, chosen.batch, 3, size, size}, type).normal_(0, 1, random);
  const at::Tensor labels = at::empty({chosen.steps, chosen.batch}, at::kLong).random_(0, kClasses, random);

  Recording recording;
  recording.Add("images", images);
  recording.Add("labels", labels);
  recording.AddAll("initial/", model->parameters());
  std::vector<at::Tensor> losses;
  for (int step = 0; step < chosen.steps; ++step) {
    const at::Tensor batch = images[step].contiguous(at::MemoryFormat::ChannelsLast);
    optimizer.ZeroGradients();
    at::Tensor logits = model->Forward(batch, {.training = true});
    at::Tensor loss = CrossEntropy(logits, labels[step], kSmoothing);
    loss.backward();
    losses.push_back(loss.detach());
    if (step == 0) {
      recording.Add("logits", logits);
      for (const NamedTensor& entry : model->parameters().parameters()) {
        recording.Add("gradient/" + entry.name, entry.tensor.grad());
      }
    }
    if (optimizer.ascends()) {
      EOA_RETURN_IF_ERROR(optimizer.Ascend());
      optimizer.ZeroGradients();
      logits = model->Forward(batch, {.training = true, .track_statistics = false});
      CrossEntropy(logits, labels[step], kSmoothing).backward();
    }
    EOA_RETURN_IF_ERROR(optimizer.Step(kLearningRate));
  }
  recording.Add("losses", at::stack(losses));
  recording.AddAll("final/", model->parameters());
  const at::NoGradGuard no_grad;
  recording.Add("evaluated", model->Forward(images[0].contiguous(at::MemoryFormat::ChannelsLast), {}));
  return recording.Write(out, Describe(model_name, optimizer_name, found->second));
}

}  // namespace
}  // namespace eoa::train

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: record_training OUT MODEL OPTIMIZER float32|float64\n";
    return 2;
  }
  at::set_num_threads(1);
  const at::ScalarType type = std::string(argv[4]) == "float64" ? at::kDouble : at::kFloat;
  const eoa::Status status = eoa::train::Record(argv[1], argv[2], argv[3], type);
  if (!status.ok()) std::cerr << status.error().ToString() << "\n";
  return status.ok() ? 0 : 1;
}
