// What all population algorithms share: the space in which the equations run, the coefficients, the bounded step N, and
// the border back to learning rates. Pure; docs/algorithm.md has the equations.
#pragma once

#include "common/base/random.h"
#include "common/job/job.h"

namespace eoa::evolve {

// The numbers of one population's step. All LRs are absolute values here.
struct StepSettings {
  api::AlgorithmSpec algorithm;
  double baseline = 0;   // eta_b
  double reference = 0;  // eta_ref = eta0 K
  double a = 0;          // 2 - 2 t / T
  double delta = 0;      // damping of the bounded step
};

class Step {
 public:
  explicit Step(const StepSettings& settings);

  // An LR as the equations see it: itself (Linear) or log(LR / eta_ref) (Log, LRs below minLearningRate count as that);
  // and eta_b likewise.
  double Enter(double rate) const;
  double baseline() const { return baseline_; }

  // The LR that a member takes: back from the space, absolute, clipped to [min, max]. Finite whatever `x` is: NaN
  // becomes eta_b.
  double Leave(double x) const;

  // |p - x|, or p - x without absoluteDistance.
  double Distance(double p, double x) const;

  // A = a (2 r - 1), D(p, x) = |C p - x| with C = 2 r': draws r, then r'. Returns p - N(A D(p, x)).
  double Toward(double p, double x, Random& random) const;

  // The same with an A that was drawn before: draws r' only.
  double Toward(double p, double x, double coefficient, Random& random) const;

  // A = a (2 r - 1).
  double DrawCoefficient(Random& random) const;

  // N(x) as Grey Wolf and Whale's encircling and search use it, and as Whale's spiral does.
  double Bounded(double x) const;
  double BoundedSpiral(double x) const;

  const StepSettings& settings() const { return settings_; }

 private:
  StepSettings settings_;
  // What a step is measured in. A step in log space is a factor, hence relative already: 1.
  double unit_ = 1;           // Scaled: eta_ref
  double relative_unit_ = 1;  // AffineRelative and Proportional: eta_b
  double baseline_ = 0;
};

}  // namespace eoa::evolve
