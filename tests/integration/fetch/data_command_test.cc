#include "cli/data/data_command.h"

#include <archive.h>
#include <archive_entry.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/data/archive_check.h"
#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_server.h"

namespace eoa::data {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct Entry {
  std::string name;
  std::string content;
  std::string link_to = {};
};

void WriteArchive(const std::string& path, const std::vector<Entry>& entries) {
  ::archive* writer = ::archive_write_new();
  ::archive_write_set_format_ustar(writer);
  ::archive_write_add_filter_gzip(writer);
  ASSERT_EQ(::archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  for (const Entry& entry : entries) {
    ::archive_entry* header = ::archive_entry_new();
    ::archive_entry_set_pathname(header, entry.name.c_str());
    ::archive_entry_set_perm(header, 0644);
    ::archive_entry_set_filetype(header, entry.link_to.empty() ? AE_IFREG : AE_IFLNK);
    if (!entry.link_to.empty()) ::archive_entry_set_symlink(header, entry.link_to.c_str());
    ::archive_entry_set_size(header, static_cast<la_int64_t>(entry.content.size()));
    EXPECT_EQ(::archive_write_header(writer, header), ARCHIVE_OK);
    ::archive_write_data(writer, entry.content.data(), entry.content.size());
    ::archive_entry_free(header);
  }
  EXPECT_EQ(::archive_write_free(writer), ARCHIVE_OK);
}

// A small archive on a server of this machine, and a directory to install it in.
class DataCommandTest : public testing::Test {
 protected:
  DataCommandTest() {
    root_ = testing::TempDir() + "eoa-data-XXXXXX";
    EXPECT_NE(::mkdtemp(root_.data()), nullptr);
    target_ = JoinPath(root_, "cifar");
    served_ = JoinPath(root_, "tiny.tar.gz");
    auto server =
        net::HttpServer::Start({}, [this](const net::ServerRequest& request, const net::Responder& responder) {
          ++requests_;
          if (request.path != std::vector<std::string>{"mirror", "tiny.tar.gz"})
            return responder.Respond({.status = 404});
          responder.Respond({.content_type = "application/gzip", .file = served_});
        });
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
    Serve({{"tiny/train.bin", std::string(300'000, 't')}, {"tiny/names.txt", "a\nb\n"}, {"tiny/readme.html", "<p>"}});
  }
  ~DataCommandTest() override { std::filesystem::remove_all(root_); }

  // Makes these files the published archive.
  void Serve(const std::vector<Entry>& entries) {
    WriteArchive(served_, entries);
    spec_ = {.dataset = "tiny",
             .file_name = "tiny.tar.gz",
             .bytes = std::filesystem::file_size(served_),
             .md5 = *Md5OfFile(served_),
             .folder = "tiny",
             .files = {{"train.bin", 300'000}, {"names.txt"}}};
  }

  int Install(const std::string& from = "") {
    DataOptions options;
    options.directory = target_;
    options.from = from;
    options.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/mirror";
    out_.str("");
    err_.str("");
    return InstallArchive(spec_, options, *http_, RealFileSystem(), out_, err_);
  }

  std::vector<std::string> Installed() const {
    const auto names = RealFileSystem().ListDirectory(target_);
    return names.ok() ? *names : std::vector<std::string>{};
  }

  std::string root_;
  std::string target_;
  std::string served_;
  ArchiveSpec spec_;
  std::atomic<int> requests_ = 0;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DataCommandTest, FetchesChecksAndUnpacks) {
  ASSERT_EQ(Install(), 0) << err_.str();
  EXPECT_THAT(Installed(), UnorderedElementsAre("train.bin", "names.txt"));
  EXPECT_EQ(*RealFileSystem().ReadFile(JoinPath(target_, "train.bin"), 1 << 20), std::string(300'000, 't'));
  EXPECT_THAT(out_.str(), HasSubstr("fetching http://127.0.0.1:"));
  EXPECT_THAT(out_.str(), HasSubstr("100 %"));
}

TEST_F(DataCommandTest, DoesNothingWhenTheFilesAreThere) {
  ASSERT_EQ(Install(), 0);
  ASSERT_EQ(Install(), 0);
  EXPECT_EQ(requests_, 1);
  EXPECT_THAT(out_.str(), HasSubstr("already"));
}

TEST_F(DataCommandTest, FetchesAgainWhenAFileIsCutShort) {
  ASSERT_EQ(Install(), 0);
  std::filesystem::resize_file(JoinPath(target_, "train.bin"), 1000);
  ASSERT_EQ(Install(), 0);
  EXPECT_EQ(std::filesystem::file_size(JoinPath(target_, "train.bin")), 300'000U);
}

TEST_F(DataCommandTest, UsesAWholeArchiveOfAnEarlierTry) {
  std::filesystem::create_directory(target_);
  std::filesystem::copy_file(served_, JoinPath(target_, "tiny.tar.gz.part"));
  ASSERT_EQ(Install(), 0) << err_.str();
  EXPECT_EQ(requests_, 0);
  EXPECT_THAT(Installed(), UnorderedElementsAre("train.bin", "names.txt"));
}

TEST_F(DataCommandTest, UsesAnArchiveThatTheUserHasAndLeavesIt) {
  server_.reset();
  DataOptions options;
  options.directory = target_;
  options.from = served_;
  EXPECT_EQ(InstallArchive(spec_, options, *http_, RealFileSystem(), out_, err_), 0) << err_.str();
  EXPECT_THAT(Installed(), UnorderedElementsAre("train.bin", "names.txt"));
  EXPECT_TRUE(std::filesystem::exists(served_));
}

TEST_F(DataCommandTest, RefusesAnArchiveThatIsNotTheAuthors) {
  spec_.md5 = std::string(32, '0');
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("MD5"));
  EXPECT_THAT(Installed(), testing::IsEmpty());
  EXPECT_EQ(Install(served_), 1);
  EXPECT_TRUE(std::filesystem::exists(served_));
  ++spec_.bytes;
  EXPECT_EQ(Install(served_), 1);
  EXPECT_THAT(err_.str(), HasSubstr("bytes instead of"));
}

TEST_F(DataCommandTest, SaysWhatToDoWithoutNetwork) {
  server_.reset();
  DataOptions options;
  options.directory = target_;
  options.url = "http://127.0.0.1:1/";
  EXPECT_EQ(InstallArchive(spec_, options, *http_, RealFileSystem(), out_, err_), 1);
  EXPECT_THAT(err_.str(), HasSubstr("cannot connect to http://127.0.0.1:1"));
  EXPECT_THAT(err_.str(), HasSubstr("eoa data tiny " + target_ + " --from tiny.tar.gz"));
}

TEST_F(DataCommandTest, SaysWhenTheServerHasNoSuchFile) {
  spec_.file_name = "other.tar.gz";
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("status 404"));
}

TEST_F(DataCommandTest, WritesNothingButTheWantedFiles) {
  Serve({{"../escaped", "x"},
         {"/" + root_ + "/absolute", "x"},
         {"tiny/../../escaped", "x"},
         {"tiny/link", "", "/etc/passwd"},
         {"tiny/sub/train.bin", "x"},
         {"tiny/train.bin", std::string(300'000, 't')},
         {"tiny/names.txt", "a"},
         {"tiny/names.txt", "second"}});
  ASSERT_EQ(Install(), 0) << err_.str();
  EXPECT_THAT(Installed(), UnorderedElementsAre("train.bin", "names.txt"));
  EXPECT_EQ(*RealFileSystem().ReadFile(JoinPath(target_, "names.txt"), 100), "a");
  EXPECT_THAT(*RealFileSystem().ListDirectory(root_), UnorderedElementsAre("cifar", "tiny.tar.gz"));
}

TEST_F(DataCommandTest, RefusesAnArchiveWithoutAWantedFile) {
  Serve({{"tiny/train.bin", std::string(300'000, 't')}});
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("does not hold tiny/names.txt"));
  Serve({{"tiny/train.bin", "", "/etc/passwd"}, {"tiny/names.txt", "a"}});
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("does not hold tiny/train.bin"));
}

TEST_F(DataCommandTest, RefusesFilesOfAnotherSize) {
  for (const std::size_t size : {299'999, 300'001}) {
    Serve({{"tiny/train.bin", std::string(size, 't')}, {"tiny/names.txt", "a"}});
    EXPECT_EQ(Install(), 1) << size;
    EXPECT_THAT(Installed(), UnorderedElementsAre("tiny.tar.gz.part")) << size;
  }
}

TEST_F(DataCommandTest, RefusesWhatIsNoArchive) {
  std::ofstream(served_) << "<html>please log in</html>";
  spec_.bytes = std::filesystem::file_size(served_);
  spec_.md5 = *Md5OfFile(served_);
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("cannot be unpacked"));
}

TEST_F(DataCommandTest, RefusesADirectoryThatCannotBeMade) {
  target_ = JoinPath(served_, "below-a-file");
  EXPECT_EQ(Install(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("making directory"));
}

TEST_F(DataCommandTest, NamesTheDataSetsThereAre) {
  DataOptions options;
  options.dataset = "mnist";
  EXPECT_EQ(DataCommand(options, *http_, RealFileSystem(), out_, err_), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there are cifar10 and cifar100"));
  for (const char* known : {"cifar10", "cifar100"}) EXPECT_TRUE(FindArchive(known).ok());
}

}  // namespace
}  // namespace eoa::data
