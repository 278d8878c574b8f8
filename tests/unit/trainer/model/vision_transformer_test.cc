#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "trainer/model/loss.h"
#include "trainer/model/model.h"

namespace eoa::train {
namespace {

api::TrainerSpec Nano() {
  api::TrainerSpec trainer;
  trainer.model.name = "vit-n-4";
  trainer.model.image_size = 16;
  return trainer;
}

std::unique_ptr<Model> Make(const api::TrainerSpec& trainer) {
  auto model = MakeModel(trainer, 10, 3);
  EXPECT_TRUE(model.ok());
  return std::move(model).value();
}

at::Tensor Images(std::int64_t count = 4) {
  at::manual_seed(5);
  return at::randn({count, 3, 16, 16}).contiguous(at::MemoryFormat::ChannelsLast);
}

// The loss and all gradients of one training pass.
std::vector<at::Tensor> Pass(const api::TrainerSpec& trainer, bool autocast = false) {
  const auto model = Make(trainer);
  const at::Tensor images = Images();
  at::manual_seed(7);
  at::autocast::set_autocast_enabled(at::kCPU, autocast);
  const at::Tensor logits = model->Forward(images, {.training = true}).to(at::kFloat);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  const at::Tensor loss = CrossEntropy(logits, at::randint(10, {4}, at::kLong), 0);
  loss.backward();
  std::vector<at::Tensor> result = {loss.detach()};
  for (const at::Tensor& tensor : model->parameters().Trainable()) result.push_back(tensor.grad());
  return result;
}

TEST(VisionTransformer, RecomputesActivationsToTheBitAlsoWithDropout) {
  for (const bool autocast : {false, true}) {
    api::TrainerSpec trainer = Nano();
    trainer.model.dropout = 0.2;
    trainer.model.attention_dropout = 0.1;
    trainer.model.stochastic_depth = 0.5;
    const std::vector<at::Tensor> kept = Pass(trainer, autocast);
    trainer.activation_checkpointing = true;
    const std::vector<at::Tensor> recomputed = Pass(trainer, autocast);
    ASSERT_EQ(kept.size(), recomputed.size());
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(kept[i].equal(recomputed[i])) << i;
  }
}

TEST(VisionTransformer, LeavesTheRandomGeneratorAsIfNothingWereRecomputed) {
  api::TrainerSpec trainer = Nano();
  trainer.model.dropout = 0.2;
  (void)Pass(trainer);
  const at::Tensor after = at::randn({4});
  trainer.activation_checkpointing = true;
  (void)Pass(trainer);
  EXPECT_TRUE(after.equal(at::randn({4})));
}

TEST(VisionTransformer, DropsNothingWhenItIsJudged) {
  api::TrainerSpec trainer = Nano();
  const auto plain = Make(trainer);
  trainer.model.dropout = 0.5;
  trainer.model.attention_dropout = 0.5;
  trainer.model.stochastic_depth = 0.9;
  const auto dropping = Make(trainer);
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(plain->Forward(Images(), {}).equal(dropping->Forward(Images(), {})));
  EXPECT_FALSE(plain->Forward(Images(), {.training = true}).equal(dropping->Forward(Images(), {.training = true})));
}

TEST(VisionTransformer, SkipsTheBranchesOfWholeImages) {
  api::TrainerSpec trainer = Nano();
  trainer.model.stochastic_depth = 0.999;
  const auto model = Make(trainer);
  const at::NoGradGuard no_grad;
  const at::Tensor images = Images(64);
  const at::Tensor first = model->Forward(images, {.training = true});
  // The last block is skipped, the first never: what is left are a few ways to go, the same for all images that go
  // them.
  const at::Tensor again = model->Forward(images, {.training = true});
  EXPECT_GT((first - again).abs().sum(1).eq(0).sum().item<std::int64_t>(), 0);
  EXPECT_GT((first - again).abs().sum(1).ne(0).sum().item<std::int64_t>(), 0);
}

TEST(VisionTransformer, StartsTheSameFromTheSameSeed) {
  const auto one = Make(Nano());
  const auto two = Make(Nano());
  const auto& ours = one->parameters().parameters();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_TRUE(ours[i].tensor.equal(two->parameters().parameters()[i].tensor)) << ours[i].name;
  }
}

}  // namespace
}  // namespace eoa::train
