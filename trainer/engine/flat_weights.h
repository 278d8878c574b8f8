// FlatWeights: a copy of all of a model's tensors in one float32 vector, so that a merge is one collective, and a file
// is written from it without another copy. While a generation trains, it holds the weights that the generation began
// with.
//
// Arrays lie in the model's order, each in row-major order of its logical shape (the model's own tensors may be
// channels-last). The vector lies on the tensors' device; files are written from a copy on the host. Thread-safety:
// reading is safe from several threads while nobody writes.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

class FlatWeights {
 public:
  // Starts with the tensors' values. The tensors are shared with the model.
  explicit FlatWeights(std::vector<NamedTensor> tensors);

  // From the model, and to it.
  void Pack();
  void Unpack() const;

  // [n] float32, contiguous.
  const at::Tensor& values() const { return values_; }

  // [n + 1]: the values and one more number that travels with them.
  const at::Tensor& values_and_share() const { return storage_; }

  // The values, named, in the host's memory: what they were at this call, until the next.
  std::vector<NamedArray> Arrays() const;

  void Scale(double factor);

  // Adds `weight` times the file's arrays; others in the file are ignored. InvalidArgument, with nothing added, when an
  // array is missing or has another shape.
  Status Add(const Safetensors& file, double weight);

 private:
  std::vector<NamedTensor> tensors_;
  at::Tensor storage_;
  at::Tensor values_;
  std::vector<at::Tensor> views_;       // of values_, in the tensors' shapes
  at::Tensor host_values_;              // values_ themselves on the CPU
  std::vector<at::Tensor> host_views_;  // as views_
};

// The contents of `array`, without copying; valid as long as its bytes.
at::Tensor BorrowTensor(const NamedArray& array);

// A contiguous CPU tensor as an array; valid as long as the tensor.
NamedArray BorrowArray(const std::string& name, const at::Tensor& tensor);

}  // namespace eoa::train
