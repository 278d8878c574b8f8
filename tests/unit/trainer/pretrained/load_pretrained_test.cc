// Mistakes in checkpoints; that right ones give the right network is tests/parity/model's business.
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/temporary_directory.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/model/model.h"
#include "trainer/pretrained/load_pretrained.h"

namespace eoa::train {
namespace {

using testing::HasSubstr;

api::TrainerSpec Nano(int image_size = 16) {
  api::TrainerSpec trainer;
  trainer.model.name = "vit-n-4";
  trainer.model.image_size = image_size;
  return trainer;
}

std::unique_ptr<Model> Make(const api::TrainerSpec& trainer, int classes, std::uint64_t seed = 1) {
  auto model = MakeModel(trainer, classes, seed);
  EXPECT_TRUE(model.ok());
  return std::move(model).value();
}

at::Tensor Find(const ParameterSet& set, const std::string& name) {
  for (const NamedTensor& entry : set.parameters()) {
    if (entry.name == name) return entry.tensor;
  }
  ADD_FAILURE() << "no tensor " << name;
  return set.parameters().front().tensor;
}

class LoadPretrainedTest : public testing::Test {
 protected:
  using Tensors = std::map<std::string, at::Tensor>;

  static Tensors Weights(Model& model) {
    Tensors tensors;
    for (const NamedTensor& entry : model.parameters().All()) tensors[entry.name] = entry.tensor.detach();
    return tensors;
  }

  // Tells the error, or nothing.
  std::string Load(api::TrainerSpec trainer, Model& model, const Tensors& file) {
    std::vector<NamedArray> arrays;
    std::vector<at::Tensor> kept;
    for (const auto& [name, tensor] : file) {
      kept.push_back(tensor.contiguous());
      arrays.push_back(
          {name, ElementType::kFloat32, tensor.sizes().vec(),
           std::string_view(static_cast<const char*>(kept.back().const_data_ptr()), kept.back().nbytes())});
    }
    trainer.model.pretrained = folder_.path() + "/w.safetensors";
    EXPECT_TRUE(WriteSafetensors(RealFileSystem(), trainer.model.pretrained, arrays, {}, Durability::kTransient).ok());
    const Status loaded = LoadPretrained(trainer, model.parameters());
    return loaded.ok() ? "" : loaded.error().message();
  }

  const at::NoGradGuard no_grad_;
  TemporaryDirectory folder_;
};

TEST_F(LoadPretrainedTest, FillsEveryTensorFromOurOwnFile) {
  const auto source = Make(Nano(), 10, 1);
  const auto target = Make(Nano(), 10, 2);
  EXPECT_EQ(Load(Nano(), *target, Weights(*source)), "");
  for (const auto& [name, tensor] : Weights(*source))
    EXPECT_TRUE(tensor.equal(Find(target->parameters(), name))) << name;
}

TEST_F(LoadPretrainedTest, ReplacesTheHeadByZerosWhenClassesDiffer) {
  const auto source = Make(Nano(), 10, 1);
  const auto target = Make(Nano(), 3, 2);
  EXPECT_EQ(Load(Nano(), *target, Weights(*source)), "");
  EXPECT_EQ(Find(target->parameters(), "head.weight").abs().sum().item<double>(), 0);
  EXPECT_TRUE(Find(target->parameters(), "norm.weight").equal(Find(source->parameters(), "norm.weight")));
}

TEST_F(LoadPretrainedTest, AlsoOfAResNet) {
  api::TrainerSpec trainer;
  trainer.model.name = "resnet-18";
  trainer.model.image_size = 32;
  const auto source = Make(trainer, 10, 1);
  const auto target = Make(trainer, 5, 2);
  Tensors file = Weights(*source);
  file["bn1.num_batches_tracked"] = at::randn({});  // PyTorch's counter, which nobody needs
  EXPECT_EQ(Load(trainer, *target, file), "");
  EXPECT_EQ(Find(target->parameters(), "fc.weight").abs().sum().item<double>(), 0);
  EXPECT_TRUE(Find(target->parameters(), "conv1.weight").equal(Find(source->parameters(), "conv1.weight")));
}

TEST_F(LoadPretrainedTest, NamesWhatIsMissingTooMuchOrMisshapen) {
  const auto source = Make(Nano(), 10);
  const auto told = [&](const std::function<void(Tensors&)>& change) {
    Tensors file = Weights(*source);
    change(file);
    const auto target = Make(Nano(), 10, 2);
    return Load(Nano(), *target, file);
  };
  EXPECT_THAT(told([](Tensors& file) { file.erase("blocks.3.mlp.fc1.weight"); }),
              HasSubstr("tensor 'blocks.3.mlp.fc1.weight' is missing; vit-n-4 needs it with shape [128, 64]"));
  EXPECT_THAT(told([](Tensors& file) { file["blocks.4.norm1.weight"] = at::randn({64}); }),
              HasSubstr("tensor 'blocks.4.norm1.weight' with shape [64] is no part of vit-n-4"));
  EXPECT_THAT(told([](Tensors& file) { file["norm.bias"] = at::randn({32}); }),
              HasSubstr("tensor 'norm.bias' has shape [32]; vit-n-4 needs [64]"));
  EXPECT_THAT(told([](Tensors& file) { file["pos_embed"] = at::randn({1, 14, 64}); }), HasSubstr("14 tokens"));
  EXPECT_THAT(told([](Tensors& file) { file["pos_embed"] = at::randn({1, 16, 64}); }), HasSubstr("classifier: Gap"));
}

TEST_F(LoadPretrainedTest, PassesWhatDistributedTrainingAndCompilingPutBeforeNames) {
  const auto source = Make(Nano(), 10, 1);
  for (const std::string wrapper : {"module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod."}) {
    Tensors file;
    for (const auto& [name, tensor] : Weights(*source)) file[wrapper + name] = tensor;
    const auto target = Make(Nano(), 10, 2);
    EXPECT_EQ(Load(Nano(), *target, file), "") << wrapper;
    EXPECT_TRUE(Find(target->parameters(), "head.weight").equal(Find(source->parameters(), "head.weight"))) << wrapper;
  }
  Tensors in_parts;
  for (const auto& [name, tensor] : Weights(*source)) {
    const bool block = name.starts_with("blocks.");
    in_parts[block ? name.substr(0, 9) + "_orig_mod." + name.substr(9) : name] = tensor;
  }
  EXPECT_EQ(Load(Nano(), *Make(Nano(), 10, 2), in_parts), "");
}

TEST_F(LoadPretrainedTest, NamesTheLayoutsOfBigVisionThatItDoesNotRead) {
  const auto target = Make(Nano(), 10);
  const at::Tensor any = at::zeros({2});
  EXPECT_THAT(Load(Nano(), *target, {{"params/Transformer/encoderblock/LayerNorm_0/scale", any}}),
              HasSubstr("big_vision whose blocks lie in one array each"));
  EXPECT_THAT(Load(Nano(), *target, {{"params/MAPHead_0/probe", any}}), HasSubstr("attention pooling"));
}

TEST_F(LoadPretrainedTest, ReadsHuggingFacesNames) {
  const auto source = Make(Nano(), 10, 1);
  Tensors file;
  for (const auto& [name, tensor] : Weights(*source)) {
    std::string other = name;
    const auto replace = [&](const std::string& from, const std::string& to) {
      if (const auto at = other.find(from); at != std::string::npos) other.replace(at, from.size(), to);
    };
    if (name.find("attn.qkv") != std::string::npos) {
      const auto parts = tensor.chunk(3);
      replace("blocks.", "vit.encoder.layer.");
      const char* kinds[] = {"query", "key", "value"};
      for (std::size_t i = 0; i < 3; ++i) {
        std::string part = other;
        part.replace(part.find("attn.qkv"), 8, "attention.attention.")
            .insert(part.find("attention.attention.") + 20, kinds[i]);
        file[part] = parts[i];
      }
      continue;
    }
    replace("blocks.", "vit.encoder.layer.");
    replace("norm1", "layernorm_before");
    replace("norm2", "layernorm_after");
    replace("attn.proj", "attention.output.dense");
    replace("mlp.fc1", "intermediate.dense");
    replace("mlp.fc2", "output.dense");
    replace("cls_token", "vit.embeddings.cls_token");
    replace("pos_embed", "vit.embeddings.position_embeddings");
    replace("patch_embed.proj", "vit.embeddings.patch_embeddings.projection");
    if (other == "norm.weight" || other == "norm.bias") other = "vit.layer" + other;
    replace("head.", "classifier.");
    file[other] = tensor;
  }
  const auto target = Make(Nano(), 10, 2);
  EXPECT_EQ(Load(Nano(), *target, file), "");
  for (const auto& [name, tensor] : Weights(*source))
    EXPECT_TRUE(tensor.equal(Find(target->parameters(), name))) << name;
}

TEST_F(LoadPretrainedTest, GivesANetworkWithoutAClassTokenTheGridAlone) {
  const auto source = Make(Nano(), 10, 1);
  api::TrainerSpec gap = Nano();
  gap.model.classifier = api::Classifier::kGap;
  const auto target = Make(gap, 10, 2);
  EXPECT_EQ(Load(gap, *target, Weights(*source)), "");
  EXPECT_TRUE(Find(target->parameters(), "pos_embed").equal(Find(source->parameters(), "pos_embed").slice(1, 1)));
}

TEST(ResizePositions, KeepsCornersAndInterpolatesBetween) {
  // A plane over the grid: bilinear interpolation keeps it.
  const at::Tensor grid = at::arange(9, at::kFloat).reshape({1, 9, 1});
  const at::Tensor token = at::full({1, 1, 1}, 100.0F);
  const auto resized = ResizePositions(at::cat({token, grid}, 1), 26, true);
  ASSERT_TRUE(resized.ok());
  EXPECT_EQ((*resized)[0][0].item<float>(), 100);
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 5; ++column) {
      EXPECT_FLOAT_EQ((*resized)[0][1 + row * 5 + column].item<float>(),
                      3 * static_cast<float>(row) / 2 + static_cast<float>(column) / 2);
    }
  }
}

}  // namespace
}  // namespace eoa::train
