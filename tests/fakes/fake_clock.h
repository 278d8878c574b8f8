// A clock that stands still until a test moves it: the fake of the Clock seam. Thread-safety: none.
#pragma once

#include "common/base/clock.h"

namespace eoa {

class FakeClock final : public Clock {
 public:
  WallTime Now() const override { return WallTime(since_start_); }
  SteadyTime SteadyNow() const override { return SteadyTime(since_start_); }
  void SleepFor(Duration duration) override { Advance(duration); }

  void Advance(Duration duration) { since_start_ += duration; }

 private:
  Duration since_start_ = std::chrono::hours(1);
};

}  // namespace eoa
