#include "trainer/engine/flat_weights.h"

#include <cstdint>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "trainer/checkpoint/scalar_type.h"

namespace eoa::train {
namespace {

std::vector<NamedTensor> WithoutHistory(std::vector<NamedTensor> tensors) {
  for (NamedTensor& each : tensors) each.tensor = each.tensor.detach();
  return tensors;
}

ElementType ElementTypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return ElementType::kFloat32;
    case at::kDouble:
      return ElementType::kFloat64;
    case at::kLong:
      return ElementType::kInt64;
    default:
      CheckFailed(__FILE__, __LINE__, "float32, float64 or int64", tensor.toString());
  }
}

std::vector<at::Tensor> ViewsOf(const at::Tensor& values, const std::vector<NamedTensor>& tensors) {
  std::vector<at::Tensor> views;
  std::int64_t begin = 0;
  for (const NamedTensor& each : tensors) {
    views.push_back(values.narrow(0, begin, each.tensor.numel()).view(each.tensor.sizes()));
    begin += each.tensor.numel();
  }
  return views;
}

}  // namespace

FlatWeights::FlatWeights(std::vector<NamedTensor> tensors) : tensors_(WithoutHistory(std::move(tensors))) {
  std::int64_t size = 0;
  for (const NamedTensor& each : tensors_) size += each.tensor.numel();
  const c10::Device device = tensors_.empty() ? c10::Device(c10::kCPU) : tensors_.front().tensor.device();
  storage_ = at::empty({size + 1}, at::TensorOptions(at::kFloat).device(device));
  values_ = storage_.narrow(0, 0, size);
  host_values_ = device.is_cpu() ? values_ : at::empty({size}, at::TensorOptions(at::kFloat).pinned_memory(true));
  views_ = ViewsOf(values_, tensors_);
  host_views_ = ViewsOf(host_values_, tensors_);
  Pack();
}

void FlatWeights::Pack() {
  for (std::size_t i = 0; i < tensors_.size(); ++i) views_[i].copy_(tensors_[i].tensor);
}

void FlatWeights::Unpack() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) tensors_[i].tensor.copy_(views_[i]);
}

std::vector<NamedArray> FlatWeights::Arrays() const {
  if (!values_.is_cpu()) host_values_.copy_(values_);
  std::vector<NamedArray> arrays;
  for (std::size_t i = 0; i < tensors_.size(); ++i) arrays.push_back(BorrowArray(tensors_[i].name, host_views_[i]));
  return arrays;
}

void FlatWeights::Scale(double factor) { values_.mul_(factor); }

Status FlatWeights::Add(const Safetensors& file, double weight) {
  std::vector<at::Tensor> addends;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const NamedArray* array = file.Find(tensors_[i].name);
    if (array == nullptr) return InvalidArgumentError("there is no array '" + tensors_[i].name + "'");
    if (tensors_[i].tensor.sizes() != at::IntArrayRef(array->shape)) {
      return InvalidArgumentError("array '" + array->name + "' has another shape than the model's");
    }
    addends.push_back(BorrowTensor(*array));
  }
  for (std::size_t i = 0; i < addends.size(); ++i) views_[i].add_(addends[i].to(views_[i].device()), weight);
  return OkStatus();
}

at::Tensor BorrowTensor(const NamedArray& array) {
  // LibTorch has no read-only tensors.
  return at::from_blob(const_cast<char*>(array.data.data()), array.shape, at::TensorOptions(ScalarTypeOf(array.type)));
}

NamedArray BorrowArray(const std::string& name, const at::Tensor& tensor) {
  return {.name = name,
          .type = ElementTypeOf(tensor),
          .shape = tensor.sizes().vec(),
          .data = {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

}  // namespace eoa::train
