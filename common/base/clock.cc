#include "common/base/clock.h"

#include <cmath>
#include <thread>

namespace eoa {
namespace {

class MachineClock final : public Clock {
 public:
  WallTime Now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  SteadyTime SteadyNow() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  void SleepFor(Duration duration) override { std::this_thread::sleep_for(duration); }
};

}  // namespace

Clock& RealClock() {
  static MachineClock clock;
  return clock;
}

Duration FromSeconds(double seconds) {
  if (std::isnan(seconds)) return Duration::zero();
  const double nanoseconds = seconds * 1e9;
  if (nanoseconds >= 9.2e18) return Duration::max();
  if (nanoseconds <= -9.2e18) return Duration::min();
  return Duration(std::llround(nanoseconds));
}

}  // namespace eoa
