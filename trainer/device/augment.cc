#include "trainer/device/augment.h"

#include <ATen/ops/empty.h>

#include "trainer/device/augment_kernel.h"

namespace eoa::train {
namespace {

void MakeBatchOnCpu(const BatchArrays& arrays) {
  const std::int64_t values = arrays.count * arrays.size * arrays.size * 3;
  for (std::int64_t i = 0; i < values; ++i) arrays.out[i] = ValueOf(arrays, i);
}

}  // namespace

at::Tensor MakeBatch(const at::Tensor& images, const at::Tensor& table, const at::Tensor& recipes) {
  const std::int64_t size = images.size(1);
  const std::int64_t count = recipes.size(0);
  at::Tensor out = at::empty({count, size, size, 3}, table.options());
  const BatchArrays arrays{images.const_data_ptr<std::uint8_t>(),
                           table.const_data_ptr<float>(),
                           recipes.const_data_ptr<std::int32_t>(),
                           out.mutable_data_ptr<float>(),
                           count,
                           size};
#ifdef EOA_CUDA
  if (images.is_cuda()) {
    LaunchMakeBatch(arrays, images.device());
    return out.permute({0, 3, 1, 2});
  }
#endif
  MakeBatchOnCpu(arrays);
  return out.permute({0, 3, 1, 2});
}

}  // namespace eoa::train
