#include "trainer/engine/autocast.h"

#include <ATen/autocast_mode.h>

namespace eoa::train {

Autocast::Autocast(api::Precision precision) : on_(precision == api::Precision::kBf16) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
}

}  // namespace eoa::train
