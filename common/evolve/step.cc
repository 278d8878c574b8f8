#include "common/evolve/step.h"

#include <algorithm>
#include <cmath>

#include "common/evolve/portable_math.h"

namespace eoa::evolve {

Step::Step(const StepSettings& settings) : settings_(settings) {
  if (settings.algorithm.space == api::Space::kLinear) {
    unit_ = settings.reference;
    relative_unit_ = settings.baseline;
  }
  baseline_ = Enter(settings.baseline);
}

double Step::Enter(double rate) const {
  if (settings_.algorithm.space == api::Space::kLinear) return rate;
  // A baseline that another population's elected member set can lie below the bound, even at zero.
  const double positive = std::max(rate, settings_.algorithm.min_learning_rate);
  return PortableLog(positive) - PortableLog(settings_.reference);
}

double Step::Leave(double x) const {
  double rate = x;
  if (settings_.algorithm.space == api::Space::kLog) rate = settings_.reference * PortableExp(x);
  if (std::isnan(rate)) rate = settings_.baseline;
  return std::clamp(std::fabs(rate), settings_.algorithm.min_learning_rate, settings_.algorithm.max_learning_rate);
}

double Step::DrawCoefficient(Random& random) const { return settings_.a * (2 * random.NextUniform() - 1); }

double Step::Distance(double p, double x) const {
  return settings_.algorithm.absolute_distance ? std::fabs(p - x) : p - x;
}

double Step::Toward(double p, double x, Random& random) const {
  const double coefficient = DrawCoefficient(random);
  return Toward(p, x, coefficient, random);
}

double Step::Toward(double p, double x, double coefficient, Random& random) const {
  return p - Bounded(coefficient * Distance(2 * random.NextUniform() * p, x));
}

double Step::Bounded(double x) const {
  const double delta = settings_.delta;
  switch (settings_.algorithm.step) {
    case api::StepRule::kScaled:
      return (x / unit_ + 4) / 8 * delta * unit_;
    case api::StepRule::kCanonical:
      return x * delta;
    case api::StepRule::kAffine:
      return (x + 4) / 8 * delta;
    case api::StepRule::kAffineRelative:
      return (x + 4) / 8 * delta * relative_unit_;
    case api::StepRule::kProportional:
      return x / 4 * relative_unit_ * delta;
  }
  return 0;
}

double Step::BoundedSpiral(double x) const {
  const double delta = settings_.delta;
  switch (settings_.algorithm.step) {
    case api::StepRule::kScaled:
      return (x / unit_ + 1.67) / 4.38 * delta * unit_;
    case api::StepRule::kAffine:
      return (x + 1.67) / 4.38 * delta;
    case api::StepRule::kAffineRelative:
      return x * delta * relative_unit_;
    case api::StepRule::kCanonical:
    case api::StepRule::kProportional:
      return Bounded(x);
  }
  return 0;
}

}  // namespace eoa::evolve
