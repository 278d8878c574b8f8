#include "common/evolve/portable_math.h"

#include <boost/math/constants/constants.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>
#include <limits>

namespace eoa::evolve {
namespace {

using Wide = boost::multiprecision::cpp_bin_float_quad;

}  // namespace

double PortableExp(double x) {
  if (std::isnan(x)) return x;
  // Beyond these the result is infinite or zero anyway, and the software functions would work for long.
  if (x > 710) return std::numeric_limits<double>::infinity();
  if (x < -746) return 0;
  return boost::multiprecision::exp(Wide(x)).convert_to<double>();
}

double PortableLog(double x) { return boost::multiprecision::log(Wide(x)).convert_to<double>(); }

double CosPi(double x) {
  // fmod is exact, so the argument is reduced to [0, 2) without error.
  double reduced = std::fmod(std::fabs(x), 2.0);
  if (reduced > 1) reduced = 2 - reduced;
  if (reduced == 0.5) return 0;
  const Wide angle = boost::math::constants::pi<Wide>() * Wide(reduced);
  return boost::multiprecision::cos(angle).convert_to<double>();
}

}  // namespace eoa::evolve
