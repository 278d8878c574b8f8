// ArraySource: the named arrays of a .npz or .safetensors file, read one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace eoa::train {

struct ArrayInfo {
  std::string name;  // in the file; without what DistributedDataParallel ("module.") and torch.compile ("_orig_mod.")
                     // put in front
  std::vector<std::int64_t> shape;
};

// "[768, 12, 64]", for messages.
std::string ShapeText(const std::vector<std::int64_t>& shape);

// Thread-safety: both Read methods may be called from any thread.
class ArraySource {
 public:
  virtual ~ArraySource() = default;

  // In the file's order.
  const std::vector<ArrayInfo>& arrays() const { return arrays_; }

  // arrays()[index] as float32, whatever it is in the file. DataLoss when it is damaged.
  virtual Result<at::Tensor> Read(std::size_t index) const = 0;

  // The same in pieces of a multiple of `row` elements, in order, each of which is gone after `take` returns. What was
  // taken before an error counts for nothing.
  using Take = std::function<void(std::int64_t first, std::span<const float> elements)>;
  virtual Status ReadInPieces(std::size_t index, std::int64_t row, const Take& take) const;

 protected:
  std::vector<ArrayInfo> arrays_;
};

// By the ending of the file's name.
Result<std::unique_ptr<ArraySource>> OpenArrays(const std::string& path);

}  // namespace eoa::train
