// LibTorch's name for an ElementType. Apart, so that who reads files without LibTorch need not have its headers.
#pragma once

#include <c10/core/ScalarType.h>

#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {

inline c10::ScalarType ScalarTypeOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat64:
      return c10::kDouble;
    case ElementType::kFloat32:
      return c10::kFloat;
    case ElementType::kFloat16:
      return c10::kHalf;
    case ElementType::kBFloat16:
      return c10::kBFloat16;
    case ElementType::kInt64:
      return c10::kLong;
    case ElementType::kInt32:
      return c10::kInt;
    case ElementType::kUint8:
      break;
  }
  return c10::kByte;
}

}  // namespace eoa::train
