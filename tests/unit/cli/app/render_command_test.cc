// `eoa render` as a user sees it.
#include "cli/app/render_command.h"

#include <cstdlib>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"

namespace eoa::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kSample = EOA_SOURCE_DIR "/manifests/samples/quickstart-cluster.yaml";
const std::string kGolden = EOA_SOURCE_DIR "/tests/data/rendered/quickstart-cluster.yaml";

class Rendering : public testing::Test {
 protected:
  int Run() {
    out_.str("");
    err_.str("");
    return Render(options_, RealFileSystem(), out_, err_);
  }

  RenderOptions options_{.file = kSample,
                         .name_space = "",
                         .uid = "",
                         .trainer_image = "eoa-trainer:test",
                         .broker_url = "http://eoa-broker.eoa-system.svc:8080"};
  std::ostringstream out_;
  std::ostringstream err_;
};

// What pods get is an interface: people's clusters restart a population when it changes. EOA_WRITE_GOLDEN=1 writes the
// file again.
TEST_F(Rendering, TheQuickstartsObjectsChangeOnlyOnPurpose) {
  ASSERT_EQ(Run(), CommandExit::kOk) << err_.str();
  const char* write = std::getenv("EOA_WRITE_GOLDEN");  // NOLINT(concurrency-mt-unsafe): a test of one thread
  if (write != nullptr) {
    ASSERT_TRUE(RealFileSystem().WriteFileAtomically(kGolden, out_.str()).ok());
  }
  const Result<std::string> golden = RealFileSystem().ReadFile(kGolden, 1 << 20);
  ASSERT_TRUE(golden.ok()) << golden.error().ToString();
  EXPECT_EQ(out_.str(), *golden) << "run this test with EOA_WRITE_GOLDEN=1 and look at the difference";
}

TEST_F(Rendering, WithoutAUidNothingHasAnOwnerThatIsNotThere) {
  ASSERT_EQ(Run(), CommandExit::kOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("ownerReferences")));
  EXPECT_THAT(out_.str(), HasSubstr(std::string("eoa.io/jobs/") + kNoUid));
}

TEST_F(Rendering, WithAUidItIsWhatTheOperatorApplies) {
  options_.uid = "6f1d";
  options_.name_space = "research";
  options_.json = true;
  ASSERT_EQ(Run(), CommandExit::kOk);
  const json list = json::parse(out_.str());
  EXPECT_EQ(list.at("kind"), "List");
  ASSERT_EQ(list.at("items").size(), 4);
  for (const json& item : list.at("items")) {
    EXPECT_EQ(item.at("metadata").at("ownerReferences").at(0).at("uid"), "6f1d");
    EXPECT_EQ(item.at("metadata").at("namespace"), "research");
  }
}

TEST_F(Rendering, AFileWithMistakesIsNotRendered) {
  options_.file = EOA_SOURCE_DIR "/manifests/operator/services.yaml";
  EXPECT_EQ(Run(), CommandExit::kFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("mistake"));
  options_.file = "/no/such/file";
  EXPECT_EQ(Run(), CommandExit::kWrongUsage);
}

}  // namespace
}  // namespace eoa::app
