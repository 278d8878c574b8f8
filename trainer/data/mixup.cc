#include "trainer/data/mixup.h"

#include <boost/math/distributions/beta.hpp>

#include "common/base/random.h"

namespace eoa::train {

double MixupShare(double alpha, std::uint64_t seed, int rank, std::int64_t number) {
  const std::uint64_t sequence = static_cast<std::uint64_t>(rank) << 40 | static_cast<std::uint64_t>(number);
  SeededRandom random(seed, {HashName("data/mixup"), sequence});
  return boost::math::quantile(boost::math::beta_distribution<double>(alpha, alpha), random.NextUniform());
}

}  // namespace eoa::train
