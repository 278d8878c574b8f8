#include "trainer/model/parameters.h"

#include "common/base/check.h"

namespace eoa::train {
namespace {

void CheckNew(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& entry : tensors) EOA_CHECK(entry.name != name, "two tensors named " + name);
}

}  // namespace

at::Tensor ParameterSet::AddParameter(const std::string& name, at::Tensor value) {
  CheckNew(parameters_, name);
  if (value.dim() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
  value.set_requires_grad(true);
  parameters_.push_back({name, value});
  return value;
}

at::Tensor ParameterSet::AddBuffer(const std::string& name, at::Tensor value) {
  CheckNew(buffers_, name);
  buffers_.push_back({name, value});
  return value;
}

void ParameterSet::MoveTo(c10::Device device) {
  if (device.is_cpu()) return;
  for (const NamedTensor& entry : All()) entry.tensor.set_data(entry.tensor.detach().to(device));
}

std::vector<NamedTensor> ParameterSet::All() const {
  std::vector<NamedTensor> all = parameters_;
  all.insert(all.end(), buffers_.begin(), buffers_.end());
  return all;
}

std::vector<at::Tensor> ParameterSet::Trainable() const {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parameters_.size());
  for (const NamedTensor& entry : parameters_) tensors.push_back(entry.tensor);
  return tensors;
}

}  // namespace eoa::train
