#include "trainer/engine/flat_weights.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

std::vector<NamedTensor> Tensors() {
  const at::Tensor image = at::arange(24, at::kFloat).view({1, 2, 3, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  return {{"convolution", image}, {"mean", at::arange(3, at::kFloat)}};
}

std::string FileOf(const FlatWeights& weights) {
  std::string bytes = EncodeSafetensorsHeader(weights.Arrays(), {}).value();
  for (const NamedArray& array : weights.Arrays()) bytes += array.data;
  return bytes;
}

TEST(FlatWeights, HoldsRowMajorValuesWhateverTheTensorsMemoryOrder) {
  const FlatWeights weights(Tensors());
  EXPECT_TRUE(at::equal(weights.values().narrow(0, 0, 24), at::arange(24, at::kFloat)));
}

TEST(FlatWeights, UnpackUndoesWhatTrainingDid) {
  const std::vector<NamedTensor> tensors = Tensors();
  const FlatWeights weights(tensors);
  tensors[0].tensor.zero_();
  weights.Unpack();
  EXPECT_TRUE(at::equal(tensors[0].tensor, Tensors()[0].tensor));
}

TEST(FlatWeights, AddsFilesByName) {
  FlatWeights weights(Tensors());
  const std::string bytes = FileOf(weights);
  weights.Scale(0.5);
  ASSERT_TRUE(weights.Add(ParseSafetensors(bytes).value(), 2).ok());
  EXPECT_TRUE(at::equal(weights.values().narrow(0, 0, 24), at::arange(24, at::kFloat).mul(2.5)));
}

TEST(FlatWeights, RefusesAnotherModelsFileAndChangesNothing) {
  FlatWeights weights(Tensors());
  const std::string other = FileOf(FlatWeights({{"convolution", at::arange(24, at::kFloat)}}));
  const Status shape = weights.Add(ParseSafetensors(other).value(), 1);
  EXPECT_THAT(shape.error().message(), HasSubstr("'convolution' has another shape"));
  const std::string missing = FileOf(FlatWeights({Tensors()[0]}));
  const Status name = weights.Add(ParseSafetensors(missing).value(), 1);
  EXPECT_THAT(name.error().message(), HasSubstr("no array 'mean'"));
  EXPECT_TRUE(at::equal(weights.values(), FlatWeights(Tensors()).values()));
}

}  // namespace
}  // namespace eoa::train
