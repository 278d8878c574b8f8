#include "common/base/descriptor.h"

#include <unistd.h>

#include <utility>

namespace eoa {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    Close();
    descriptor_ = other.Release();
  }
  return *this;
}

void Descriptor::Close() {
  if (valid()) ::close(Release());
}

int Descriptor::Release() { return std::exchange(descriptor_, -1); }

}  // namespace eoa
