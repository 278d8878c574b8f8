// Training on a GPU against the same on the CPU, and recorded steps against plain ones. Sums on a GPU have another
// order than on the CPU and change from run to run unless cuDNN is told not to; hence the tolerances.
#include <cmath>
#include <memory>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "trainer/comm/nccl_backend.h"
#include "trainer/comm/torch_error.h"
#include "trainer/device/augment.h"
#include "trainer/device/device.h"
#include "trainer/engine/train_step.h"

namespace eoa::train {
namespace {

constexpr int kClasses = 10;
constexpr int kBatch = 32;

c10::Device Gpu(api::Precision precision = api::Precision::kFp32) {
  const Result<c10::Device> device = UseDevice({.kind = api::DeviceKind::kCuda}, precision, 0);
  if (!device.ok()) throw std::runtime_error(device.error().ToString());
  at::globalContext().setDeterministicCuDNN(true);
  return *device;
}

api::TrainerSpec Spec(const std::string& model, api::Optimizer optimizer) {
  api::TrainerSpec spec;
  spec.model.name = model;
  spec.model.image_size = model == "vit-n-4" ? 16 : 32;
  spec.optimizer.name = optimizer;
  spec.optimizer.rho = 0.1;
  spec.batch_size_per_member = kBatch;
  return spec;
}

// Images that show their class, a little.
MicroBatch BatchNumber(int number, const api::TrainerSpec& spec, c10::Device device) {
  at::Generator random = at::detail::createCPUGenerator(static_cast<std::uint64_t>(number) + 1);
  const at::Tensor labels = at::randint(kClasses, {spec.batch_size_per_member}, random, at::kLong);
  const std::int64_t size = spec.model.image_size;
  at::Tensor images = at::randn({spec.batch_size_per_member, 3, size, size}, random);
  images.add_(labels.to(at::kFloat).div(kClasses).view({-1, 1, 1, 1}));
  return {images.contiguous(at::MemoryFormat::ChannelsLast).to(device), labels.to(device)};
}

struct Rig {
  Rig(const api::TrainerSpec& trainer, c10::Device on)
      : spec(trainer), device(on), model(MakeModel(spec, kClasses, 1).value()), comm(MakeSoloComm()) {
    model->parameters().MoveTo(device);
    optimizer = std::make_unique<Optimizer>(spec.optimizer, model->parameters());
    start = std::make_unique<FlatWeights>(model->parameters().All());
    const StepParts parts{spec, *model, *optimizer, *comm, *start};
    step = (device.is_cpu() ? MakeCheckedStep(parts) : MakeQueuedStep(parts)).value();
  }

  // Mean loss of `steps` steps as a generation of their own.
  double Train(int first, int steps, double rate) {
    at::manual_seed(7);
    step->BeginGeneration();
    for (int i = first; i < first + steps; ++i) {
      std::vector<MicroBatch> batches;
      for (int k = 0; k < spec.gradient_accumulation; ++k) batches.push_back(BatchNumber(100 * k + i, spec, device));
      const Status status = step->Run(batches, rate);
      if (!status.ok()) throw std::runtime_error(status.error().ToString());
    }
    const Status status = step->EndGeneration();
    if (!status.ok()) throw std::runtime_error(status.error().ToString());
    return step->mean_loss();
  }

  at::Tensor Weights() {
    FlatWeights now(model->parameters().All());
    return now.values().cpu();
  }

  api::TrainerSpec spec;
  c10::Device device;
  std::unique_ptr<Model> model;
  std::unique_ptr<Comm> comm;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<FlatWeights> start;
  std::unique_ptr<TrainStep> step;
};

double Apart(const at::Tensor& a, const at::Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

class OfOptimizers : public testing::TestWithParam<api::Optimizer> {};

// GELU has no kink: rounding grows by the steps alone.
TEST_P(OfOptimizers, FiftyStepsOfATransformerInFp32AreThoseOfTheCpu) {
  const api::TrainerSpec spec = Spec("vit-n-4", GetParam());
  const double rate = GetParam() == api::Optimizer::kAdamW ? 1e-3 : 0.05;
  Rig cpu(spec, c10::kCPU);
  Rig gpu(spec, Gpu());
  for (int part = 0; part < 5; ++part) {
    const double expected = cpu.Train(10 * part, 10, rate);
    EXPECT_NEAR(gpu.Train(10 * part, 10, rate), expected, 2e-4 * expected) << "steps from " << 10 * part;
  }
  EXPECT_LT(Apart(gpu.Weights(), cpu.Weights()), 1e-3);
}

// ReLU's kink lets single gradients differ by far more than rounding (tests/parity/model/model_parity.py).
TEST_P(OfOptimizers, FiftyStepsOfAWideResNetInFp32AreThoseOfTheCpu) {
  const api::TrainerSpec spec = Spec("wrn-10-1", GetParam());
  const double rate = GetParam() == api::Optimizer::kAdamW ? 1e-3 : 0.05;
  Rig cpu(spec, c10::kCPU);
  Rig gpu(spec, Gpu());
  const double first = cpu.Train(0, 2, rate);
  EXPECT_NEAR(gpu.Train(0, 2, rate), first, 1e-4 * first);
  const double rest = cpu.Train(2, 48, rate);
  EXPECT_NEAR(gpu.Train(2, 48, rate), rest, 2e-2 * rest);
}

TEST_P(OfOptimizers, RecordedStepsArePlainOnesBitByBit) {
  for (const api::Precision precision : {api::Precision::kFp32, api::Precision::kBf16}) {
    for (const char* model : {"wrn-10-1", "vit-n-4"}) {
      api::TrainerSpec spec = Spec(model, GetParam());
      spec.precision = precision;
      spec.optimizer.clip_gradient_norm = 1;
      spec.model.dropout = model == std::string("vit-n-4") ? 0.1 : 0;
      const c10::Device device = Gpu(precision);
      Rig recorded(spec, device);
      spec.device.graphs = false;
      Rig plain(spec, device);
      EXPECT_EQ(recorded.Train(0, 12, 0.02), plain.Train(0, 12, 0.02)) << model;
      EXPECT_EQ(recorded.Train(12, 12, 0.01), plain.Train(12, 12, 0.01)) << model;
      EXPECT_TRUE(at::equal(recorded.Weights(), plain.Weights())) << model;
    }
  }
}

TEST_P(OfOptimizers, RecordedMicroBatchesArePlainOnesBitByBit) {
  api::TrainerSpec spec = Spec("vit-n-4", GetParam());
  spec.gradient_accumulation = 3;
  const c10::Device device = Gpu();
  Rig recorded(spec, device);
  spec.device.graphs = false;
  Rig plain(spec, device);
  EXPECT_EQ(recorded.Train(0, 12, 0.02), plain.Train(0, 12, 0.02));
  EXPECT_TRUE(at::equal(recorded.Weights(), plain.Weights()));
}

std::string OptimizerName(const testing::TestParamInfo<api::Optimizer>& each) {
  constexpr const char* kNames[] = {"sgd", "adamw", "sam", "asam"};
  return kNames[static_cast<int>(each.param)];
}

INSTANTIATE_TEST_SUITE_P(All, OfOptimizers,
                         testing::Values(api::Optimizer::kSgd, api::Optimizer::kAdamW, api::Optimizer::kSam,
                                         api::Optimizer::kAsam),
                         OptimizerName);

// The second pass of SAM must not see weights that were cast in the first.
TEST(Autocast, SamIsTheSameWithoutACacheOfCasts) {
  api::TrainerSpec spec = Spec("wrn-10-1", api::Optimizer::kSam);
  spec.precision = api::Precision::kBf16;
  const c10::Device device = Gpu(spec.precision);
  Rig cached(spec, device);
  const double expected = cached.Train(0, 12, 0.05);
  at::autocast::set_autocast_cache_enabled(false);
  Rig without(spec, device);
  EXPECT_EQ(without.Train(0, 12, 0.05), expected);
  EXPECT_TRUE(at::equal(without.Weights(), cached.Weights()));
  at::autocast::set_autocast_cache_enabled(true);
}

class Guard : public testing::TestWithParam<bool> {};

TEST_P(Guard, AMemberThatDivergesGoesBackAndTrainsOnInTheNextGeneration) {
  api::TrainerSpec spec = Spec("wrn-10-1", api::Optimizer::kSgd);
  spec.device.graphs = GetParam();
  Rig rig(spec, Gpu());
  rig.Train(0, 10, 0.05);
  rig.start->Pack();
  const at::Tensor before = rig.Weights();
  rig.Train(10, 20, 1e39);
  EXPECT_TRUE(rig.step->diverged());
  EXPECT_TRUE(at::equal(rig.Weights(), before));
  EXPECT_TRUE(std::isfinite(rig.Train(30, 10, 0.05)));
  EXPECT_FALSE(rig.step->diverged());
  EXPECT_FALSE(at::equal(rig.Weights(), before));
}

TEST_P(Guard, ImagesThatAreNotFiniteAreAnError) {
  api::TrainerSpec spec = Spec("wrn-10-1", api::Optimizer::kSgd);
  spec.device.graphs = GetParam();
  Rig rig(spec, Gpu());
  MicroBatch batch = BatchNumber(0, spec, rig.device);
  batch.images.fill_(std::nan(""));
  rig.step->BeginGeneration();
  Status status = OkStatus();
  for (int i = 0; i < 20 && status.ok(); ++i) status = rig.step->Run({batch}, 0.05);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kOutOfRange);
}

std::string GuardName(const testing::TestParamInfo<bool>& each) { return each.param ? "recorded" : "plain"; }

INSTANTIATE_TEST_SUITE_P(Steps, Guard, testing::Bool(), GuardName);

TEST(Augment, BatchesAreThoseOfTheCpuBitByBit) {
  const at::Tensor images = at::randint(256, {50, 32, 32, 3}, at::kByte);
  const at::Tensor table = at::randn({3, 256});
  at::Tensor recipes = at::randint(-8, 9, {64, kRecipeFields}, at::kInt);
  recipes.select(1, 0).copy_(at::randint(50, {64}, at::kInt));
  recipes.select(1, 3).copy_(at::randint(2, {64}, at::kInt));
  recipes.narrow(1, 4, 2).copy_(at::randint(16, {64, 2}, at::kInt));
  recipes.narrow(1, 6, 2).copy_(at::randint(32, {64, 2}, at::kInt));
  const c10::Device device = Gpu();
  const at::Tensor made = MakeBatch(images.to(device), table.to(device), recipes.to(device));
  EXPECT_TRUE(made.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(made.cpu(), MakeBatch(images, table, recipes)));
}

TEST(Errors, MemoryThatTheGpuDoesNotHaveIsSaid) {
  const c10::Device device = Gpu();
  const Status status = CatchTorchErrors(
      "asking for too much", [&] { at::empty({std::int64_t{1} << 42}, at::TensorOptions(at::kFloat).device(device)); });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kResourceExhausted) << status.error().ToString();
}

TEST(Nccl, AGroupOfOneSums) {
  const c10::Device device = Gpu();
  ASSERT_TRUE(ConfigureNccl(testing::TempDir()).ok());
  const auto store = c10::make_intrusive<c10d::HashStore>();
  const auto nccl = MakeNcclBackend(store, {"alone", 0, 1, std::chrono::seconds(60)});
  ASSERT_TRUE(nccl.ok());
  std::vector<at::Tensor> tensors = {at::full({1000}, 3.0, at::TensorOptions(at::kFloat).device(device))};
  (*nccl)->allreduce(tensors)->wait();
  EXPECT_EQ(tensors[0].sum().item<double>(), 3000);
}

TEST(Memory, IsCounted) {
  const c10::Device device = Gpu();
  const std::int64_t before = MemoryOf(device).used_bytes;
  const at::Tensor tensor = at::empty({1 << 20}, at::TensorOptions(at::kFloat).device(device));
  EXPECT_EQ(MemoryOf(device).used_bytes - before, 4 << 20);
  EXPECT_GE(MemoryOf(device).peak_bytes, MemoryOf(device).used_bytes);
}

}  // namespace
}  // namespace eoa::train
