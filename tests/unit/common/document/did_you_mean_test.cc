#include "common/document/did_you_mean.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace eoa::api {
namespace {

const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = {"generations", "generationEpochs", "generationSteps", "GreyWolf",
                                                 "Whale",       "resnet-18"};
  return words;
}

TEST(DidYouMean, FindsTheWordThatWasMeant) {
  EXPECT_EQ(Closest("generatoins", Words()), "generations");
  EXPECT_EQ(Closest("genrations", Words()), "generations");
  EXPECT_EQ(Closest("generation_epochs", Words()), "generationEpochs");
  EXPECT_EQ(Closest("greywolf", Words()), "GreyWolf");
  EXPECT_EQ(Closest("GRAYWOLF", Words()), "GreyWolf");
  EXPECT_EQ(Closest("resnet18", Words()), "resnet-18");
  EXPECT_EQ(Closest("Whales", Words()), "Whale");
}

TEST(DidYouMean, FindsNothingWhereNothingIsNear) {
  EXPECT_EQ(Closest("ParticleSwarm", Words()), "");
  EXPECT_EQ(Closest("", Words()), "");
  EXPECT_EQ(Closest("xx", Words()), "");
  EXPECT_EQ(Closest(std::string(1000, 'g'), Words()), "");
  EXPECT_EQ(Closest("a", {}), "");
}

}  // namespace
}  // namespace eoa::api
