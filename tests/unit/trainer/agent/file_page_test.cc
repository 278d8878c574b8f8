#include "trainer/agent/file_page.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_guard.h"
#include "tests/temporary_directory.h"

namespace eoa::agent {
namespace {

using testing::ElementsAre;

// SHA-256 of "secret", as `printf secret | sha256sum` has it.
constexpr const char* kDigest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

class FilePageTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(RealFileSystem().WriteFileAtomically(JoinPath(directory_.path(), name), text).ok());
  }
  void Annotate(const std::string& digest) {
    Write("annotations", "a=\"b\"\neoa.io/fetch-key=\"" + digest + "\"\nkubernetes.io/config.seen=\"x\"");
  }
  net::ServerResponse Get(const std::vector<std::string>& path, const std::string& key, const std::string& from = "0") {
    const net::ServerRequest request{
        .method = "GET", .path = path, .query = {{"key", key}, {"from", from}}, .headers = {}, .body = {}, .peer = {}};
    EXPECT_TRUE(FilePage::Answers(request));
    return page_.Answer(request);
  }

  TemporaryDirectory directory_;
  FilePage page_{directory_.path(), directory_.path() + "/annotations", RealFileSystem()};
};

TEST_F(FilePageTest, GivesFilesInPiecesWithTheirChecksumToWhoHasTheKey) {
  const std::string model(FilePage::kPieceBytes + 10, 'm');
  Write("model.safetensors", model);
  Annotate(kDigest);
  const net::ServerResponse first = Get({"v1", "files", "model.safetensors"}, "secret");
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.body.size(), FilePage::kPieceBytes + 8);
  EXPECT_EQ(first.body.substr(0, 8), HexNumber(Crc32(first.body.substr(8)), 8));
  const net::ServerResponse rest =
      Get({"v1", "files", "model.safetensors"}, "secret", std::to_string(FilePage::kPieceBytes));
  EXPECT_EQ(rest.body.substr(8), std::string(10, 'm'));
}

TEST_F(FilePageTest, ListsTheResultsAndCheckpointsWeightsAndNothingElse) {
  for (const char* name : {"model.safetensors", "evaluation.json", "checkpoint-2.weights.safetensors",
                           "checkpoint-2.weights.json", "checkpoint-2.member-0.safetensors", "agent.json"}) {
    Write(name, "x");
  }
  Annotate(kDigest);
  const auto list = ParseJson(Get({"v1", "files"}, "secret").body).value();
  std::vector<std::string> names;
  for (const auto& file : list.at("files")) names.push_back(file.at("name"));
  EXPECT_THAT(names, ElementsAre("checkpoint-2.weights.json", "checkpoint-2.weights.safetensors", "evaluation.json",
                                 "model.safetensors"));
  EXPECT_EQ(Get({"v1", "files", "agent.json"}, "secret").status, 404);
  EXPECT_EQ(Get({"v1", "files", "model.safetensors"}, "secret", "-1").status, 400);
}

TEST_F(FilePageTest, GivesNothingWithoutTheKeyOfThePodsAnnotation) {
  Write("model.safetensors", "m");
  EXPECT_EQ(Get({"v1", "files", "model.safetensors"}, "secret").status, 409) << "there are no annotations";
  Annotate(kDigest);
  EXPECT_EQ(Get({"v1", "files", "model.safetensors"}, "other").status, 409);
  EXPECT_EQ(Get({"v1", "files", "model.safetensors"}, "").status, 409);
  EXPECT_EQ(Get({"v1", "files"}, kDigest).status, 409) << "the annotation is no secret";
  EXPECT_EQ(Get({"v1", "files"}, "secret").status, 200);
}

TEST_F(FilePageTest, FollowsNoLinks) {
  Annotate(kDigest);
  ASSERT_EQ(::symlink("/etc/passwd", (directory_.path() + "/model.safetensors").c_str()), 0);
  EXPECT_NE(Get({"v1", "files", "model.safetensors"}, "secret").status, 200);
}

}  // namespace
}  // namespace eoa::agent
