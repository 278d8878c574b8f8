// What all population algorithms share: the space in which the equations run, the coefficients, the bounded step N, and
// the border back to learning rates. Pure; docs/algorithm.md has the equations.
#pragma once

#include "common/api/job.h"
#include "common/base/random.h"

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

  // An LR as the equations see it: itself (Linear) or log(LR / eta_ref) (Log); and eta_b likewise.
  double Enter(double rate) const;
  double baseline() const { return baseline_; }

  // The LR that a member takes: back from the space, absolute, clipped to [min, max]. Finite whatever `x` is: NaN
  // becomes eta_b.
  double Leave(double x) const;

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
  double Distance(double p, double x, Random& random) const;

  StepSettings settings_;
  double unit_ = 1;           // of Scaled: eta_ref; in log space 1, an e-fold
  double relative_unit_ = 1;  // of AffineRelative and Proportional: eta_b; in log space 1
  double baseline_ = 0;
};

}  // namespace eoa::evolve
