#include "cli/run/time_left.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace eoa::local {
namespace {

constexpr double kWindow = 3;  // generations: whole ones, so that evaluation and exchange count in
constexpr double kLeastProgress = 0.02;
constexpr Duration kLeastTime = std::chrono::seconds(1);
constexpr std::size_t kMaxPoints = 512;

}  // namespace

void TimeLeft::Observe(SteadyTime now, double progress) {
  if (!points_.empty() && progress < points_.back().progress) points_.clear();
  if (!points_.empty() && progress == points_.back().progress) return;
  points_.push_back({now, progress});
  // The point just before the window stays: the window is then a whole one.
  while (points_.size() > 2 && progress - points_[1].progress >= kWindow) points_.pop_front();
  if (points_.size() > kMaxPoints) {
    std::deque<Point> thinned;
    for (std::size_t i = 0; i < points_.size(); i += 2) thinned.push_back(points_[i]);
    if (points_.size() % 2 == 0) thinned.push_back(points_.back());
    points_ = std::move(thinned);
  }
}

std::optional<Duration> TimeLeft::Estimate() const {
  if (points_.empty()) return std::nullopt;
  const Point& last = points_.back();
  if (last.progress >= total_) return Duration::zero();
  const double progress = last.progress - points_.front().progress;
  const Duration time = last.time - points_.front().time;
  if (progress < kLeastProgress || time < kLeastTime) return std::nullopt;
  return FromSeconds(ToSeconds(time) / progress * (total_ - last.progress));
}

std::string FormatDuration(std::optional<Duration> duration) {
  if (!duration) return "--";
  const auto seconds = std::max<std::int64_t>(0, std::chrono::round<std::chrono::seconds>(*duration).count());
  std::array<char, 48> text{};
  if (seconds >= 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02d:%02d", static_cast<long long>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%d:%02d", static_cast<int>(seconds / 60), static_cast<int>(seconds % 60));
  }
  return text.data();
}

}  // namespace eoa::local
