#include "trainer/model/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <ATen/ops/tensor.h>

namespace eoa::train {
namespace {

const std::vector<float> kLogits = {1.0F, 2.0F, 0.5F};

// -sum over classes of target * log softmax, in doubles.
double Expected(std::int64_t label, double on_label, double elsewhere) {
  double sum = 0;
  for (const float logit : kLogits) sum += std::exp(logit);
  double loss = 0;
  for (std::size_t i = 0; i < kLogits.size(); ++i) {
    const double log_probability = kLogits[i] - std::log(sum);
    loss -= (static_cast<std::int64_t>(i) == label ? on_label : elsewhere) * log_probability;
  }
  return loss;
}

double Loss(std::int64_t label, double smoothing) {
  return CrossEntropy(at::tensor(kLogits).reshape({1, 3}), at::tensor(std::vector<std::int64_t>{label}), smoothing)
      .item<double>();
}

TEST(Loss, IsTheNegativeLogProbabilityOfTheLabelWithoutSmoothing) { EXPECT_NEAR(Loss(2, 0), Expected(2, 1, 0), 1e-6); }

TEST(Loss, SpreadsTheSmoothedPartOverAllClasses) { EXPECT_NEAR(Loss(0, 0.3), Expected(0, 0.7 + 0.1, 0.1), 1e-6); }

TEST(Loss, OfManyImagesIsTheirMean) {
  const at::Tensor logits = at::tensor(std::vector<float>{1, 2, 0.5F, 1, 2, 0.5F}).reshape({2, 3});
  const at::Tensor labels = at::tensor(std::vector<std::int64_t>{0, 1});
  EXPECT_NEAR(CrossEntropy(logits, labels, 0).item<double>(), (Expected(0, 1, 0) + Expected(1, 1, 0)) / 2, 1e-6);
}

TEST(Loss, OfNonFiniteLogitsIsNotFinite) {
  const at::Tensor logits = at::tensor(std::vector<float>{1, NAN, 0}).reshape({1, 3});
  EXPECT_FALSE(std::isfinite(CrossEntropy(logits, at::tensor(std::vector<std::int64_t>{0}), 0.1).item<double>()));
}

TEST(CountCorrect, CountsImagesWhoseGreatestLogitIsTheirLabels) {
  const at::Tensor logits = at::tensor(std::vector<float>{0, 9, 0, 9, 0, 0, 0, 0, 9}).reshape({3, 3});
  EXPECT_EQ(CountCorrect(logits, at::tensor(std::vector<std::int64_t>{1, 0, 0})).item<std::int64_t>(), 2);
}

}  // namespace
}  // namespace eoa::train
