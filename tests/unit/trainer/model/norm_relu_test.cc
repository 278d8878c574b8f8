// The fused function against ATen's batch_norm and relu in double precision.
#include "trainer/model/norm_relu.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

namespace eoa::train {
namespace {

constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

struct Outcome {
  at::Tensor y;
  at::Tensor dx;
  at::Tensor d_weight;
  at::Tensor d_bias;
  at::Tensor mean;
  at::Tensor variance;

  std::vector<at::Tensor> all() const { return {y, dx, d_weight, d_bias, mean, variance}; }
};

struct Inputs {
  at::Tensor x;
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor dy;
};

Inputs MakeInputs(std::int64_t images, std::int64_t channels, std::int64_t height, std::int64_t width,
                  double mean = 0) {
  at::Generator random = at::detail::createCPUGenerator(5);
  const auto draw = [&](at::IntArrayRef shape) { return at::empty(shape).normal_(0, 1, random); };
  const auto activation = [&] {
    return draw({images, channels, height, width}).contiguous(at::MemoryFormat::ChannelsLast);
  };
  return {activation().add_(mean), draw({channels}), draw({channels}), activation()};
}

Outcome Exact(const Inputs& in) {
  const at::Tensor x = in.x.to(at::kDouble).requires_grad_();
  const at::Tensor weight = in.weight.to(at::kDouble).requires_grad_();
  const at::Tensor bias = in.bias.to(at::kDouble).requires_grad_();
  at::Tensor mean = at::zeros({in.x.size(1)}, at::kDouble);
  at::Tensor variance = at::ones({in.x.size(1)}, at::kDouble);
  const at::Tensor y = at::relu(at::batch_norm(x, weight, bias, mean, variance, true, kMomentum, kEpsilon, false));
  y.backward(in.dy.to(at::kDouble));
  return {y.detach(), x.grad(), weight.grad(), bias.grad(), mean, variance};
}

Outcome Fused(const Inputs& in) {
  const at::Tensor x = in.x.clone().requires_grad_();
  const at::Tensor weight = in.weight.clone().requires_grad_();
  const at::Tensor bias = in.bias.clone().requires_grad_();
  at::Tensor mean = at::zeros({in.x.size(1)});
  at::Tensor variance = at::ones({in.x.size(1)});
  const at::Tensor y = NormRelu(x, weight, bias, {mean, variance, kMomentum}, kEpsilon);
  y.backward(in.dy);
  return {y.detach(), x.grad(), weight.grad(), bias.grad(), mean, variance};
}

void ExpectClose(const Outcome& fused, const Outcome& exact, double tolerance) {
  for (std::size_t i = 0; i < exact.all().size(); ++i) {
    const at::Tensor wanted = exact.all()[i];
    const double apart = fused.all()[i].to(at::kDouble).sub(wanted).norm().item<double>();
    EXPECT_LE(apart, tolerance * wanted.norm().item<double>()) << "result " << i;
  }
}

TEST(NormRelu, EqualsBatchNormThenReluForAnyShape) {
  // One chunk and many, rows that fill no chunk or turn, few and many channels.
  for (const auto& in : {MakeInputs(3, 16, 1, 2), MakeInputs(3, 16, 5, 7), MakeInputs(16, 32, 16, 16),
                         MakeInputs(5, 48, 9, 3), MakeInputs(4, 640, 8, 8)}) {
    ASSERT_TRUE(CanNormRelu(in.x));
    // An activation within rounding of zero may fall on ReLU's other side and move dx by one element: hence not 1e-6.
    ExpectClose(Fused(in), Exact(in), 2e-4);
  }
}

TEST(NormRelu, KeepsItsDigitsWhenTheMeanIsFarFromZero) {
  // x itself is known to 1000 * 2^-24 = 6e-5 of its spread only; a difference of raw moments would keep one digit.
  const Inputs in = MakeInputs(16, 16, 16, 16, 1000);
  ExpectClose(Fused(in), Exact(in), 2e-3);
}

TEST(NormRelu, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  const Inputs in = MakeInputs(16, 32, 16, 16);
  at::set_num_threads(1);
  const Outcome one = Fused(in);
  at::set_num_threads(2);
  const Outcome two = Fused(in);
  at::set_num_threads(before);
  for (std::size_t i = 0; i < one.all().size(); ++i) EXPECT_TRUE(one.all()[i].equal(two.all()[i])) << "result " << i;
}

TEST(NormRelu, LetsNonFiniteActivationsThrough) {
  Inputs in = MakeInputs(2, 16, 4, 4);
  in.x.select(1, 3).fill_(std::numeric_limits<float>::quiet_NaN());
  const Outcome outcome = Fused(in);
  EXPECT_TRUE(outcome.y.select(1, 3).isnan().all().item<bool>());
  EXPECT_TRUE(outcome.dx.select(1, 3).isnan().all().item<bool>());
  EXPECT_FALSE(outcome.y.select(1, 4).isnan().any().item<bool>());
}

TEST(NormRelu, LeavesStatisticsAloneThatItIsNotGiven) {
  const Inputs in = MakeInputs(2, 16, 4, 4);
  const at::Tensor y = NormRelu(in.x, in.weight, in.bias, {}, kEpsilon);
  EXPECT_TRUE(y.equal(Fused(in).y));
}

TEST(NormRelu, SaysWhatItCannotTake) {
  EXPECT_FALSE(CanNormRelu(at::zeros({2, 16, 4, 4})));                                             // not channels-last
  EXPECT_FALSE(CanNormRelu(at::zeros({2, 8, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast)));   // channels
  EXPECT_FALSE(CanNormRelu(at::zeros({1, 16, 1, 1}).contiguous(at::MemoryFormat::ChannelsLast)));  // no variance
  EXPECT_FALSE(CanNormRelu(MakeInputs(2, 16, 4, 4).x.to(at::kDouble)));
}

}  // namespace
}  // namespace eoa::train
