#include "trainer/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/randn.h>

#include "common/estimate/network_cost.h"
#include "common/job/models.h"
#include "trainer/model/loss.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 3;

api::Model Spec(const std::string& name) {
  api::Model spec;
  spec.name = name;
  spec.image_size = 32;
  return spec;
}

std::unique_ptr<Model> Make(const api::Model& spec, int classes = 10, std::uint64_t seed = kSeed) {
  api::TrainerSpec trainer;
  trainer.model = spec;
  auto model = MakeModel(trainer, classes, seed);
  EXPECT_TRUE(model.ok());
  return std::move(model).value();
}

std::int64_t Parameters(Model& model) {
  std::int64_t count = 0;
  for (const at::Tensor& tensor : model.parameters().Trainable()) count += tensor.numel();
  return count;
}

at::Tensor Images(std::int64_t count = 4, std::int64_t size = 32) {
  return at::randn({count, 3, size, size}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor Find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& entry : tensors) {
    if (entry.name == name) return entry.tensor;
  }
  ADD_FAILURE() << "no tensor " << name;
  return tensors.front().tensor;
}

TEST(Model, HasAsManyParametersAsPublished) {
  // Zagoruyko and Komodakis 2016, tables 4 and 5, in millions; the projection of the first stage is counted there too.
  EXPECT_NEAR(static_cast<double>(Parameters(*Make(Spec("wrn-16-8")))), 10.96e6, 0.01e6);
  EXPECT_NEAR(static_cast<double>(Parameters(*Make(Spec("wrn-28-10")))), 36.48e6, 0.05e6);
  api::Model image_net = Spec("resnet-18");
  image_net.image_size = 224;
  EXPECT_EQ(Parameters(*Make(image_net, 1000)), 11'689'512);  // torchvision's
}

// What an estimate says is what is made. Larger ones are left out for their memory; they are made by the same factory.
TEST(Model, HasAsManyParametersAsItsCostSays) {
  constexpr std::int64_t kLargest = 100'000'000;
  for (const api::ModelRow& row : api::Models()) {
    for (const std::string_view name : row.examples) {
      api::TrainerSpec trainer;
      trainer.model = Spec(std::string(name));
      trainer.model.image_size = row.image_size > 0 ? row.image_size : 224;
      trainer.model.pretrained = "zeros.safetensors";  // to draw no random weights
      const std::int64_t parameters = api::CostOf(trainer).parameters;
      EXPECT_GT(parameters, 0) << name;
      if (parameters > kLargest) continue;
      const auto model = MakeModel(trainer, 10, kSeed);
      ASSERT_TRUE(model.ok()) << name;
      EXPECT_EQ(Parameters(**model), parameters) << name;
    }
  }
}

TEST(Model, IsRefusedByNameWithWhatIsAllowed) {
  for (const char* name : {"", "wrn-", "wrn-16", "wrn-16-0", "wrn-16-8x", "wrn-16--8", "resnet-50"}) {
    api::TrainerSpec trainer;
    trainer.model.name = name;
    const auto model = MakeModel(trainer, 10, kSeed);
    ASSERT_FALSE(model.ok()) << name;
    EXPECT_EQ(model.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(model.error().message(), HasSubstr("wrn-D-K")) << name;
  }
}

TEST(Model, StartsAlikeFromTheSameSeedAndElsewhereFromAnother) {
  for (const char* name : {"wrn-10-1", "resnet-18"}) {
    const auto one = Make(Spec(name));
    const auto same = Make(Spec(name));
    const auto other = Make(Spec(name), 10, kSeed + 1);
    for (std::size_t i = 0; i < one->parameters().All().size(); ++i) {
      EXPECT_TRUE(one->parameters().All()[i].tensor.equal(same->parameters().All()[i].tensor));
    }
    EXPECT_FALSE(one->parameters().Trainable()[0].equal(other->parameters().Trainable()[0]));
  }
}

TEST(Model, StartsWithHeNormalConvolutions) {
  // The standard deviation of n normal draws scatters by sigma / sqrt(2 n), their mean by sigma / sqrt(n): five of
  // those.
  const auto check = [](const at::Tensor& weight, double fan) {
    const double sigma = std::sqrt(2 / fan);
    const auto n = static_cast<double>(weight.numel());
    EXPECT_NEAR(weight.std().item<double>(), sigma, 5 * sigma / std::sqrt(2 * n));
    EXPECT_NEAR(weight.mean().item<double>(), 0, 5 * sigma / std::sqrt(n));
    EXPECT_GT(weight.abs().max().item<double>(), 3 * sigma);  // a uniform draw would end at 1.7 sigma
  };
  const auto wide = Make(Spec("wrn-16-4"));
  check(Find(wide->parameters().All(), "f.2_block.block.0.block.0_convolution.weight"), 64 * 9);  // fan in
  check(Find(wide->parameters().All(), "f.3_block.block.1.block.6_convolution.weight"), 256 * 9);
  const auto residual = Make(Spec("resnet-18"));
  check(Find(residual->parameters().All(), "layer2.0.conv1.weight"), 128 * 9);  // fan out
}

TEST(Model, StartsItsHeadUniformOrAtZero) {
  api::Model spec = Spec("wrn-10-2");
  const at::Tensor head = Find(Make(spec)->parameters().All(), "f.8_classification.weight");
  const double bound = 1 / std::sqrt(128.0);
  EXPECT_LE(head.abs().max().item<double>(), bound);
  EXPECT_NEAR(head.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
  spec.zero_head = true;
  EXPECT_EQ(Find(Make(spec)->parameters().All(), "f.8_classification.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(Find(Make(spec)->parameters().All(), "f.8_classification.bias").abs().max().item<double>(), 0);
}

TEST(Model, TakesItsStemByTheImagesSizeUnlessTold) {
  api::Model spec = Spec("resnet-18");
  const auto stem = [](const api::Model& s) { return Find(Make(s)->parameters().All(), "conv1.weight").size(2); };
  EXPECT_EQ(stem(spec), 3);
  spec.image_size = 224;
  EXPECT_EQ(stem(spec), 7);
  spec.stem = api::Stem::kCifar;
  EXPECT_EQ(stem(spec), 3);
}

TEST(Model, KeepsWeightsAndGradientsInChannelsLastOrder) {
  const auto model = Make(Spec("wrn-10-1"));
  model->Forward(Images(), {.training = true}).sum().backward();
  const at::Tensor weight = Find(model->parameters().All(), "f.1_block.block.0.block.0_convolution.weight");
  EXPECT_TRUE(weight.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(weight.grad().is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(Model, GivesEveryParameterAGradient) {
  for (const char* name : {"wrn-16-1", "resnet-18"}) {
    const auto model = Make(Spec(name));
    CrossEntropy(model->Forward(Images(), {.training = true}), at::arange(4), 0).backward();
    for (const NamedTensor& entry : model->parameters().parameters()) {
      ASSERT_TRUE(entry.tensor.grad().defined()) << entry.name;
      EXPECT_GT(entry.tensor.grad().abs().max().item<double>(), 0) << entry.name;
    }
  }
}

TEST(Model, UpdatesItsStatisticsOnlyWhenTrainingAndTracking) {
  const auto model = Make(Spec("wrn-10-1"));
  const at::Tensor mean = Find(model->parameters().buffers(), "f.4_normalization.running_mean");
  const at::Tensor before = mean.clone();
  const at::Tensor images = Images();
  const at::NoGradGuard no_grad;
  model->Forward(images, {.training = false});
  EXPECT_TRUE(mean.equal(before));
  const at::Tensor untracked = model->Forward(images, {.training = true, .track_statistics = false});
  EXPECT_TRUE(mean.equal(before));
  const at::Tensor tracked = model->Forward(images, {.training = true});
  EXPECT_FALSE(mean.equal(before));
  EXPECT_TRUE(untracked.equal(tracked));
}

TEST(Model, DropsActivationsOnlyWhenTraining) {
  api::Model spec = Spec("wrn-10-1");
  spec.dropout = 0.5;
  const auto model = Make(spec);
  const at::Tensor images = Images();
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(model->Forward(images, {}).equal(model->Forward(images, {})));
  const Pass training{.training = true, .track_statistics = false};
  EXPECT_FALSE(model->Forward(images, training).equal(model->Forward(images, training)));
}

TEST(Model, JudgesAnImageAloneAsInABatchWhenNotTraining) {
  const auto model = Make(Spec("wrn-10-1"));
  const at::Tensor images = Images();
  const at::NoGradGuard no_grad;
  const at::Tensor together = model->Forward(images, {});
  const at::Tensor alone = model->Forward(images.narrow(0, 2, 1), {});
  EXPECT_LT(together[2].sub(alone[0]).abs().max().item<double>(), 1e-4);
}

}  // namespace
}  // namespace eoa::train
