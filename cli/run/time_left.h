// TimeLeft: how long something will still take, from how fast it went lately. Pure; the caller brings the time.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "common/base/clock.h"

namespace eoa::local {

// Progress is counted in generations, parts included: 2.5 is half of the third one. Thread-safety: a plain value.
class TimeLeft {
 public:
  explicit TimeLeft(double total) : total_(total) {}

  // Progress that goes back (a restart from a checkpoint) forgets the speed before it.
  void Observe(SteadyTime now, double progress);

  // At the speed of the last generations (up to three); nothing while too little is known.
  std::optional<Duration> Estimate() const;

 private:
  struct Point {
    SteadyTime time;
    double progress = 0;
  };
  double total_;
  std::deque<Point> points_;  // ascending; bounded
};

// "0:07", "12:30", "1:02:03"; "--" for nothing.
std::string FormatDuration(std::optional<Duration> duration);

}  // namespace eoa::local
