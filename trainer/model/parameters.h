// ParameterSet: the named tensors of a model, in a fixed order that every member of a world shares.
//
// Parameters are trained (they require gradients); buffers are carried along (batch-norm statistics). Convolution
// weights are kept in channels-last memory order; their logical shape stays OIHW, as in PyTorch. Tensors are shared
// handles: copying a set does not copy data. Thread-safety: none; one owner.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace eoa::train {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

class ParameterSet {
 public:
  // Both return the tensor that the model computes with. Names are unique; that is a bug otherwise.
  at::Tensor AddParameter(const std::string& name, at::Tensor value);
  at::Tensor AddBuffer(const std::string& name, at::Tensor value);

  // Moves the values of all tensors to `device`; handles that were given out show them there. Before anything has made
  // gradients.
  void MoveTo(c10::Device device);

  const std::vector<NamedTensor>& parameters() const { return parameters_; }
  const std::vector<NamedTensor>& buffers() const { return buffers_; }

  // Parameters and buffers, in order: what is merged and saved.
  std::vector<NamedTensor> All() const;

  // The parameters' tensors, for the optimizer and the gradient reducer.
  std::vector<at::Tensor> Trainable() const;

 private:
  std::vector<NamedTensor> parameters_;
  std::vector<NamedTensor> buffers_;
};

}  // namespace eoa::train
