#include <cmath>

#include "common/evolve/algorithms.h"
#include "common/evolve/portable_math.h"

namespace eoa::evolve {
namespace {

// AffineRelative's program first brings a far larger LR down to the baseline's size.
double SearchTarget(double target, const Step& step) {
  const StepSettings& settings = step.settings();
  if (settings.algorithm.step != api::StepRule::kAffineRelative) return target;
  const double ratio = target / settings.baseline;
  return std::isfinite(ratio) && ratio > 2 ? target / std::floor(ratio) : target;
}

double Move(const std::vector<api::MemberReport>& members, std::size_t self, const Step& step, Random& random) {
  const double x = step.Enter(members[self].learning_rate);
  const double baseline = step.baseline();
  const double p = random.NextUniform();
  const double l = random.NextUniform();
  if (p >= 0.5) {
    return baseline + step.BoundedSpiral(step.Distance(baseline, x) * PortableExp(l) * CosPi(2 * l));
  }
  const double coefficient = step.DrawCoefficient(random);
  if (std::fabs(coefficient) < 1) return step.Toward(baseline, x, coefficient, random);
  const double target = members[random.NextBelow(members.size())].learning_rate;
  return step.Toward(step.Enter(SearchTarget(target, step)), x, coefficient, random);
}

}  // namespace

std::vector<double> WhaleStep(const std::vector<api::MemberReport>& members, const Step& step, Random& random) {
  std::vector<double> rates;
  rates.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) rates.push_back(step.Leave(Move(members, i, step, random)));
  return rates;
}

}  // namespace eoa::evolve
