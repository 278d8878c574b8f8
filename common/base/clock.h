// Clock: the only way to know the time. One of the five seams (docs/architecture.md); tests inject
// tests/fakes/fake_clock.h and never sleep for luck.
#pragma once

#include <chrono>

namespace eoa {

// Calendar time: what people read and what is stored. May jump when the machine's clock is set.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

// Time that only goes forward: deadlines and durations. Means nothing in another process.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

using Duration = std::chrono::nanoseconds;

// Thread-safety: every method may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  virtual SteadyTime SteadyNow() const = 0;

  // Blocks the calling thread; the only permitted sleep.
  virtual void SleepFor(Duration duration) = 0;
};

// The machine's clocks. The reference lives as long as the process.
Clock& RealClock();

// Seconds as a double, for metrics and JSON.
inline double ToSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// The nearest nanosecond; saturates for durations beyond about 292 years; NaN is zero.
Duration FromSeconds(double seconds);

}  // namespace eoa
