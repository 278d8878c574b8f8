#include "trainer/engine/autocast.h"

#include <ATen/autocast_mode.h>

namespace eoa::train {

Autocast::Autocast(api::Precision precision, c10::Device device)
    : on_(precision == api::Precision::kBf16), device_(device.type()) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace eoa::train
