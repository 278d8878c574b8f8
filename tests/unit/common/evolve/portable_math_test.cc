// Against the C library, whose functions are good to about one unit in the last place but not the same everywhere.
#include "common/evolve/portable_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "common/base/random.h"

namespace eoa::evolve {
namespace {

constexpr int kValues = 20'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Doubles between two of the same sign.
std::int64_t UnitsApart(double left, double right) {
  return std::abs(std::bit_cast<std::int64_t>(left) - std::bit_cast<std::int64_t>(right));
}

double Uniform(Random& random, double low, double high) { return low + (high - low) * random.NextUniform(); }

TEST(PortableMath, ExpAgreesWithTheCLibrary) {
  SeededRandom random(1, {});
  for (int i = 0; i < kValues; ++i) {
    const double x = Uniform(random, -745, 709.7);
    ASSERT_LE(UnitsApart(PortableExp(x), std::exp(x)), 1) << x;
    const double small = Uniform(random, -1, 1) * std::ldexp(1.0, -static_cast<int>(random.NextBelow(60)));
    ASSERT_LE(UnitsApart(PortableExp(small), std::exp(small)), 1) << small;
  }
}

TEST(PortableMath, LogAgreesWithTheCLibrary) {
  SeededRandom random(2, {});
  for (int i = 0; i < kValues; ++i) {
    const double x = std::ldexp(Uniform(random, 0.5, 1), static_cast<int>(random.NextBelow(2090)) - 1070);
    ASSERT_LE(UnitsApart(PortableLog(x), std::log(x)), 1) << x;
    const double near_one = Uniform(random, 0.9, 1.1);
    ASSERT_LE(UnitsApart(PortableLog(near_one), std::log(near_one)), 1) << near_one;
  }
}

// Where the cosine is small, it is the sine of the exactly known distance from its zero.
double ReferenceCosPi(double x) {
  constexpr long double kPi = 3.141592653589793238462643383279502884L;
  const double half_turns = x <= 1 ? x : 2 - x;  // of 0 <= x <= 2; the cosine is the same
  if (half_turns < 0.25) return static_cast<double>(std::cos(kPi * half_turns));
  return static_cast<double>(std::sin(kPi * static_cast<long double>(0.5 - half_turns)));
}

TEST(PortableMath, CosPiAgreesWithTheCLibrary) {
  SeededRandom random(3, {});
  for (int i = 0; i < kValues; ++i) {
    const double x = Uniform(random, 0, 2);
    ASSERT_LE(UnitsApart(CosPi(x), ReferenceCosPi(x)), 1) << x;
    ASSERT_EQ(CosPi(-x), CosPi(x));
    const double whole_turn_on = x + 2;
    ASSERT_EQ(CosPi(whole_turn_on), CosPi(whole_turn_on - 2)) << x;
  }
}

TEST(PortableMath, ExactWhereTheAnswerIs) {
  EXPECT_EQ(PortableExp(0), 1);
  EXPECT_EQ(PortableLog(1), 0);
  EXPECT_EQ(CosPi(0), 1);
  EXPECT_EQ(CosPi(0.5), 0);
  EXPECT_EQ(CosPi(1), -1);
  EXPECT_EQ(CosPi(1.5), 0);
  EXPECT_EQ(CosPi(1e15), 1);
}

TEST(PortableMath, TheEndsOfTheRangeAreNoSpecialCase) {
  EXPECT_EQ(PortableExp(1000), kInfinity);
  EXPECT_EQ(PortableExp(kInfinity), kInfinity);
  EXPECT_EQ(PortableExp(-1000), 0);
  EXPECT_EQ(PortableExp(-kInfinity), 0);
  EXPECT_TRUE(std::isnan(PortableExp(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(PortableExp(-745), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(PortableLog(std::numeric_limits<double>::denorm_min()), -744.4400719213812);
  EXPECT_EQ(PortableLog(std::numeric_limits<double>::max()), 709.782712893384);
}

// The doubles nearest to e, log 2 and cos(pi / 8): the last bit is a promise.
TEST(PortableMath, KnownValuesAreRightToTheLastBit) {
  EXPECT_EQ(PortableExp(1), 0x1.5bf0a8b145769p+1);
  EXPECT_EQ(PortableLog(2), 0x1.62e42fefa39efp-1);
  EXPECT_EQ(CosPi(0.125), 0x1.d906bcf328d46p-1);
}

}  // namespace
}  // namespace eoa::evolve
