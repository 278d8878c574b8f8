#include "cli/run/restart_delay.h"

#include <algorithm>

namespace eoa::local {

Duration RestartDelay(int deaths) {
  if (deaths <= 1) return Duration::zero();
  const Duration delay = std::chrono::milliseconds(500) * (1 << std::min(deaths - 2, 10));
  return std::min<Duration>(delay, std::chrono::seconds(10));
}

}  // namespace eoa::local
