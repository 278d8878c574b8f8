#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/comm/meeting.h"
#include "trainer/device/peer_memory.h"

namespace eoa::train {
namespace {

using api::Communication;
using testing::HasSubstr;

const std::vector<std::string> kOwn = {"gpu a", "gpu b", "gpu c"};
const std::vector<std::string> kSame = {"gpu a", "gpu a", "gpu a"};
const std::vector<std::string> kMixed = {"gpu a", "gpu b", "gpu a"};

Communication Chosen(Communication asked, const std::vector<std::string>& devices, bool nccl_shares = false) {
  return ChooseCommunication(asked, devices, nccl_shares).value().by;
}

TEST(ChooseCommunication, TakesNcclWhereEachMemberHasAGpu) {
  EXPECT_EQ(Chosen(Communication::kAuto, kOwn), Communication::kNccl);
}

TEST(ChooseCommunication, TakesTheGpusMemoryWhereAllShareOne) {
  EXPECT_EQ(Chosen(Communication::kAuto, kSame), Communication::kPeer);
  EXPECT_EQ(Chosen(Communication::kAuto, std::vector<std::string>(kMostPeers + 1, "gpu a")), Communication::kGloo);
}

TEST(ChooseCommunication, TakesGlooWhereSomeShareOne) {
  EXPECT_EQ(Chosen(Communication::kAuto, kMixed), Communication::kGloo);
}

TEST(ChooseCommunication, TakesNcclWhereItLetsMembersShare) {
  EXPECT_EQ(Chosen(Communication::kAuto, kSame, true), Communication::kNccl);
  EXPECT_EQ(Chosen(Communication::kNccl, kMixed, true), Communication::kNccl);
}

TEST(ChooseCommunication, DoesAsTheJobSaysWhereItCan) {
  EXPECT_EQ(Chosen(Communication::kGloo, kOwn), Communication::kGloo);
  EXPECT_EQ(Chosen(Communication::kPeer, kSame), Communication::kPeer);
}

TEST(ChooseCommunication, SaysWhyNot) {
  for (const auto& [asked, devices] :
       {std::pair(Communication::kNccl, kMixed), std::pair(Communication::kPeer, kOwn)}) {
    const auto chosen = ChooseCommunication(asked, devices, false);
    ASSERT_FALSE(chosen.ok());
    EXPECT_EQ(chosen.error().code(), ErrorCode::kFailedPrecondition);
    EXPECT_THAT(chosen.error().message(), HasSubstr("spec.trainer.device.communication"));
    EXPECT_THAT(chosen.error().message(), HasSubstr("use 'Auto'"));
  }
}

}  // namespace
}  // namespace eoa::train
