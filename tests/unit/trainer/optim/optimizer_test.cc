// What PyTorch parity (tests/parity/model) does not show: errors, state, reset, gradients that stay where they are.
#include "trainer/optim/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

api::OptimizerSpec Spec(api::Optimizer name) { return {.name = name, .weight_decay = 0.01, .rho = 0.5}; }

std::vector<api::Optimizer> AllNames() {
  return {api::Optimizer::kSgd, api::Optimizer::kAdamW, api::Optimizer::kSam, api::Optimizer::kAsam};
}

ParameterSet TwoParameters() {
  ParameterSet set;
  set.AddParameter("one.weight", at::tensor(std::vector<float>{1, -2, 3}));
  set.AddParameter("two.bias", at::tensor(std::vector<float>{0.5F}));
  return set;
}

// Two small parameters under an optimizer; the loss is the sum of their squares.
struct Bowl {
  explicit Bowl(const api::OptimizerSpec& spec) : optimizer(spec, set) {}

  void Differentiate() {
    optimizer.ZeroGradients();
    one().square().sum().add(two().square().sum()).backward();
  }

  Status Step(double rate = 0.1) {
    Differentiate();
    if (optimizer.ascends()) {
      EOA_RETURN_IF_ERROR(optimizer.Ascend());
      Differentiate();
    }
    return optimizer.Step(rate);
  }

  at::Tensor one() const { return set.parameters()[0].tensor; }
  at::Tensor two() const { return set.parameters()[1].tensor; }

  std::vector<float> Values() const {
    const at::Tensor value = one().detach();
    std::vector<float> values(value.const_data_ptr<float>(), value.const_data_ptr<float>() + value.numel());
    values.push_back(two().item<float>());
    return values;
  }

  void TakeValues(const Bowl& other) {
    const at::NoGradGuard no_grad;
    one().copy_(other.one());
    two().copy_(other.two());
  }

  ParameterSet set = TwoParameters();
  Optimizer optimizer;
};

TEST(Optimizer, DescendsOnASimpleBowl) {
  for (const api::Optimizer name : AllNames()) {
    Bowl bowl(Spec(name));
    for (int step = 0; step < 200; ++step) ASSERT_TRUE(bowl.Step(0.05).ok());
    for (const float value : bowl.Values()) EXPECT_LT(std::abs(value), 0.3F) << static_cast<int>(name);
  }
}

TEST(Optimizer, KeepsGradientsInTheirPlace) {
  for (const api::Optimizer name : AllNames()) {
    Bowl bowl(Spec(name));
    ASSERT_TRUE(bowl.Step().ok());
    const void* place = bowl.one().grad().const_data_ptr();
    ASSERT_TRUE(bowl.Step().ok());
    bowl.optimizer.ZeroGradients();
    EXPECT_EQ(bowl.one().grad().const_data_ptr(), place);
    EXPECT_EQ(bowl.one().grad().abs().sum().item<float>(), 0);
  }
}

TEST(Optimizer, RefusesANonFiniteGradientByItsParametersName) {
  for (const api::Optimizer name : AllNames()) {
    Bowl bowl(Spec(name));
    ASSERT_TRUE(bowl.Step().ok());
    const std::vector<float> before = bowl.Values();
    bowl.Differentiate();
    bowl.two().mutable_grad().fill_(std::numeric_limits<float>::infinity());
    const Status status = bowl.optimizer.Step(0.1);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kOutOfRange);
    EXPECT_THAT(status.error().message(), HasSubstr("two.bias has norm inf"));
    EXPECT_EQ(bowl.Values(), before);
  }
}

TEST(Optimizer, ReturnsFromTheAscentWhenTheSecondGradientIsNotFinite) {
  Bowl bowl(Spec(api::Optimizer::kSam));
  const std::vector<float> before = bowl.Values();
  bowl.Differentiate();
  ASSERT_TRUE(bowl.optimizer.Ascend().ok());
  EXPECT_NE(bowl.Values(), before);
  bowl.one().mutable_grad().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_FALSE(bowl.optimizer.Step(0.1).ok());
  EXPECT_EQ(bowl.Values(), before);
}

TEST(Optimizer, DoesNotAscendByANonFiniteGradient) {
  Bowl bowl(Spec(api::Optimizer::kAsam));
  const std::vector<float> before = bowl.Values();
  bowl.Differentiate();
  bowl.one().mutable_grad().fill_(std::numeric_limits<float>::quiet_NaN());
  const Status status = bowl.optimizer.Ascend();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("one.weight has norm nan"));
  EXPECT_EQ(bowl.Values(), before);
}

TEST(Optimizer, AscendsByRhoInTheGradientsDirection) {
  Bowl bowl(Spec(api::Optimizer::kSam));
  bowl.Differentiate();
  ASSERT_TRUE(bowl.optimizer.Ascend().ok());
  // The gradient is 2 w, so w moves outward by rho w / ||w||.
  const double factor = 1 + 0.5 / std::sqrt(1 + 4 + 9 + 0.25);
  EXPECT_NEAR(bowl.Values()[1], -2 * factor, 1e-6);
  EXPECT_NEAR(bowl.Values()[3], 0.5 * factor, 1e-6);
}

TEST(Optimizer, AscendsNowhereWhereTheGradientIsZero) {
  for (const api::Optimizer name : {api::Optimizer::kSam, api::Optimizer::kAsam}) {
    Bowl bowl(Spec(name));
    const std::vector<float> before = bowl.Values();
    bowl.optimizer.ZeroGradients();
    ASSERT_TRUE(bowl.optimizer.Ascend().ok());
    EXPECT_EQ(bowl.Values(), before);
  }
}

TEST(Optimizer, ClipsByTheNormOfAllGradientsTogether) {
  api::OptimizerSpec spec = Spec(api::Optimizer::kSgd);
  spec.momentum = 0;
  spec.weight_decay = 0;
  spec.clip_gradient_norm = 1;
  Bowl bowl(spec);
  const std::vector<float> before = bowl.Values();
  ASSERT_TRUE(bowl.Step(0.1).ok());
  double moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) moved += std::pow(bowl.Values()[i] - before[i], 2);
  EXPECT_NEAR(std::sqrt(moved), 0.1, 1e-5);
}

TEST(Optimizer, GoesOnExactlyFromItsSavedState) {
  for (const api::Optimizer name : AllNames()) {
    Bowl first(Spec(name));
    Bowl second(Spec(name));
    for (int step = 0; step < 3; ++step) ASSERT_TRUE(first.Step().ok());
    second.TakeValues(first);
    ASSERT_TRUE(second.optimizer.LoadState(first.optimizer.State()).ok());
    ASSERT_TRUE(first.Step().ok());
    ASSERT_TRUE(second.Step().ok());
    EXPECT_EQ(first.Values(), second.Values()) << static_cast<int>(name);
  }
}

TEST(Optimizer, ForgetsItsMomentumOnReset) {
  for (const api::Optimizer name : AllNames()) {
    Bowl fresh(Spec(name));
    Bowl used(Spec(name));
    for (int step = 0; step < 3; ++step) ASSERT_TRUE(used.Step().ok());
    used.optimizer.Reset();
    used.TakeValues(fresh);
    ASSERT_TRUE(fresh.Step().ok());
    ASSERT_TRUE(used.Step().ok());
    EXPECT_EQ(fresh.Values(), used.Values()) << static_cast<int>(name);
  }
}

TEST(Optimizer, RefusesAStateThatDoesNotFitAndKeepsItsOwn) {
  Bowl bowl(Spec(api::Optimizer::kSgd));
  ASSERT_TRUE(bowl.Step().ok());
  std::vector<NamedTensor> state;
  for (const NamedTensor& entry : bowl.optimizer.State()) state.push_back({entry.name, entry.tensor.clone().zero_()});
  state[1].tensor = at::tensor(std::vector<float>{1, 2});
  Status status = bowl.optimizer.LoadState(state);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("two.bias.momentum"));
  state.pop_back();
  status = bowl.optimizer.LoadState(state);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kNotFound);
  EXPECT_GT(bowl.optimizer.State()[0].tensor.abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace eoa::train
