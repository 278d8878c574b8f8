#include "trainer/agent/weight_transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/checksum.h"
#include "common/net/cpprest/cpprest_client.h"
#include "tests/temporary_directory.h"

namespace eoa::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WeightTransferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = WeightServer::Start("127.0.0.1", "secret", files_);
    ASSERT_TRUE(server.ok()) << server.error().ToString();
    server_ = *std::move(server);
  }

  // More than one piece of a transfer.
  std::string PublishFile(int generation, std::uint32_t crc_change = 0) {
    std::string content(1'000'003, 'x');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
    const std::string path = JoinPath(directory_, "weights");
    EXPECT_TRUE(files_.WriteFileAtomically(path, content).ok());
    server_->Publish({generation, path, Crc32(content) ^ crc_change});
    return content;
  }

  Result<std::string> Fetch(int generation, const std::string& token = "secret") {
    const api::WeightSource source{"whales", "127.0.0.1", server_->port(), token, generation, 3};
    return FetchWeightsFile({source, JoinPath(directory_, "foreign"), std::chrono::seconds(10)}, *http_, files_,
                            nullptr);
  }

  FileSystem& files_ = RealFileSystem();
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient({});
  std::unique_ptr<WeightServer> server_;
  const TemporaryDirectory temporary_;
  const std::string& directory_ = temporary_.path();
};

TEST_F(WeightTransferTest, AFetchedFileIsTheServedOne) {
  const std::string content = PublishFile(3);
  const Result<std::string> path = Fetch(3);
  ASSERT_TRUE(path.ok()) << path.error().ToString();
  EXPECT_TRUE(files_.ReadFile(*path, 2'000'000).value() == content);
}

TEST_F(WeightTransferTest, AGenerationThatIsNotThereYetIsNotFound) {
  PublishFile(3);
  const Result<std::string> path = Fetch(4);
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(path.error().message(), HasSubstr("NotReady"));
}

TEST_F(WeightTransferTest, AWrongChecksumIsDataLossAndLeavesNoFile) {
  PublishFile(3, 1);
  const Result<std::string> path = Fetch(3);
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(files_.ListDirectory(JoinPath(directory_, "foreign")).value(), IsEmpty());
}

TEST_F(WeightTransferTest, WithoutTheTokenNothingIsServed) {
  PublishFile(3);
  EXPECT_EQ(Fetch(3, "guess").error().code(), ErrorCode::kUnauthenticated);
}

TEST_F(WeightTransferTest, AGenerationThatWillNotComeAgainIsAnotherErrorThanOneThatIsNotThereYet) {
  server_->Begin(2);
  EXPECT_EQ(Fetch(1).error().code(), ErrorCode::kInvalidArgument) << "trained by an earlier process";
  EXPECT_EQ(Fetch(2).error().code(), ErrorCode::kNotFound);
  PublishFile(2);
  EXPECT_TRUE(Fetch(2).ok());
  ASSERT_TRUE(files_.Remove(JoinPath(directory_, "weights")).ok());
  const Result<std::string> expired = Fetch(2);
  EXPECT_EQ(expired.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(expired.error().message(), HasSubstr("no longer served"));
  server_->Begin(1);
  EXPECT_EQ(Fetch(1).error().code(), ErrorCode::kNotFound) << "trained once more after a restart";
}

TEST_F(WeightTransferTest, AFileThatVanishedIsAnError) {
  PublishFile(3);
  ASSERT_TRUE(files_.Remove(JoinPath(directory_, "weights")).ok());
  EXPECT_FALSE(Fetch(3).ok());
}

TEST(WeightChecksum, IsReadBackAsWritten) {
  EXPECT_EQ(FormatCrc(0x0a1b2c3dU), "crc32-0a1b2c3d");
  EXPECT_EQ(ParseCrc("crc32-0a1b2c3d").value(), 0x0a1b2c3dU);
  for (const char* text : {"", "crc32-", "crc32-0a1b2c3", "crc32-0a1b2c3dd", "md5-0a1b2c3d00", "crc32-0a1b2c3g"}) {
    EXPECT_FALSE(ParseCrc(text).ok()) << text;
  }
}

}  // namespace
}  // namespace eoa::agent
