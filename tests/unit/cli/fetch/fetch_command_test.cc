// `eoa fetch` against an API server that passes requests on to a pod's files, as the real one does.
#include "cli/fetch/fetch_command.h"

#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/report/run_files.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/base/mutex.h"
#include "common/job/read_job.h"
#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_server.h"
#include "operator/rounds/stored_rounds.h"
#include "tests/temporary_directory.h"
#include "tests/unit/cli/report/report_fixture.h"
#include "trainer/agent/file_page.h"

namespace eoa::fetch {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The objects of one job in namespace ns, by the plural and name of their paths; and its pod's files.
class FakeCluster {
 public:
  FakeCluster() {
    auto server =
        net::HttpServer::Start({}, [this](const net::ServerRequest& request, const net::Responder& responder) {
          responder.Respond(Answer(request));
        });
    EOA_CHECK(server.ok(), "no server");
    server_ = *std::move(server);
  }

  void Put(const std::string& plural, const json& object) {
    const MutexLock lock(mutex_);
    objects_[plural + "/" + object.at("metadata").at("name").get<std::string>()] = object;
  }
  json Get(const std::string& path) {
    const MutexLock lock(mutex_);
    return objects_[path];
  }
  void Remove(const std::string& path) {
    const MutexLock lock(mutex_);
    objects_.erase(path);
  }
  // The connection breaks in place of the n-th answer with a part of a file, and of all that follow.
  void BreakAtPiece(int piece) {
    const MutexLock lock(mutex_);
    pieces_left_ = piece;
  }
  int pieces() {
    const MutexLock lock(mutex_);
    return pieces_;
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  std::string pod_directory() const { return pod_.path(); }

 private:
  net::ServerResponse Answer(const net::ServerRequest& request) {
    const auto& path = request.path;
    const auto at = std::ranges::find(path, "namespaces");
    EOA_CHECK(path.end() - at >= 3 && at[1] == "ns", "a path of another namespace");
    const std::string plural = at[2];
    const std::string name = path.end() - at > 3 ? at[3] : "";
    if (path.end() - at > 4 && at[4] == "proxy") return Proxy(request, name, {at + 5, path.end()});
    const MutexLock lock(mutex_);
    const std::string key = plural + "/" + name;
    if (request.method == "POST") {
      json made = ParseJson(request.body).value();
      made["status"]["phase"] = "Running";
      Annotate(made);
      const std::string made_key = plural + "/" + made.at("metadata").at("name").get<std::string>();
      objects_[made_key] = made;
      return {.status = 201, .body = DumpJson(made)};
    }
    const auto found = objects_.find(key);
    if (found == objects_.end()) return {.status = 404, .body = R"({"kind": "Status", "message": "not there"})"};
    if (request.method == "PATCH") found->second.merge_patch(ParseJson(request.body).value());
    if (request.method == "DELETE") return Deleted(found);
    if (plural == "pods") Annotate(found->second);
    return {.status = 200, .body = DumpJson(found->second)};
  }

  net::ServerResponse Deleted(std::map<std::string, json>::iterator found) REQUIRES(mutex_) {
    const std::string text = DumpJson(found->second);
    objects_.erase(found);
    return {.status = 200, .body = text};
  }

  // As a kubelet does with a downwardAPI volume.
  void Annotate(const json& pod) {
    const std::string key = TextAt(At(pod, "metadata", "annotations"), "eoa.io/fetch-key");
    EOA_CHECK(
        RealFileSystem().WriteFileAtomically(keys_.path() + "/annotations", "eoa.io/fetch-key=\"" + key + "\"").ok(),
        "the annotations");
  }

  net::ServerResponse Proxy(net::ServerRequest request, const std::string& name, std::vector<std::string> path) {
    const MutexLock lock(mutex_);
    if (!objects_.contains("pods/" + name.substr(0, name.find(':'))) || !name.ends_with(":9400")) {
      return {.status = 404, .body = "{}"};
    }
    request.path = std::move(path);
    if (request.path.size() == 3) {
      if (pieces_left_ == 0) return {.status = 502, .body = "{}"};
      --pieces_left_;
      ++pieces_;
    }
    return page_.Answer(request);
  }

  TemporaryDirectory pod_;
  TemporaryDirectory keys_;
  agent::FilePage page_{pod_.path(), keys_.path() + "/annotations", RealFileSystem()};
  Mutex mutex_;
  std::map<std::string, json> objects_ GUARDED_BY(mutex_);
  int pieces_left_ GUARDED_BY(mutex_) = -1;
  int pieces_ GUARDED_BY(mutex_) = 0;
  std::unique_ptr<net::HttpServer> server_;
};

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    run_ = report::TestRun();
    run_.job.metadata.name_space = "ns";
    api::FinishRequest finish;
    finish.attempt = 1;
    finish.test_accuracy = 0.75;
    finish.test_images = 100;
    finish.model = "/checkpoints/model.safetensors";
    run_.events.push_back(broker::PopulationFinished{"wolves", finish});
    PutJob("Complete");
    PutRounds();
    cluster_.Put("pods", {{"metadata", {{"name", "seen-wolves-0"}, {"namespace", "ns"}}},
                          {"spec", {{"containers", json::array()}}},
                          {"status", {{"phase", "Running"}}}});
    WriteFile("model.safetensors", model_);
    WriteFile("evaluation.json", R"({"images": 100, "confusion": [[1, 2]]})");
  }

  void PutJob(const std::string& condition) {
    json job = json(api::JobToJson(run_.job));
    job["status"] = {{"startTime", "2026-01-01T00:00:00Z"},
                     {"completionTime", "2026-01-01T01:00:00Z"},
                     {"conditions", json::array({{{"type", condition},
                                                  {"status", "True"},
                                                  {"reason", "Succeeded"},
                                                  {"message", "as it is"},
                                                  {"lastTransitionTime", "2026-01-01T01:00:00Z"}}})}};
    cluster_.Put("eoajobs", job);
  }

  void PutRounds() {
    json data = {{std::string(cluster::kRoundsVersionKey), std::string(cluster::kRoundsVersion)}};
    std::uint32_t checksum = 0;
    for (std::size_t i = 0; i < run_.events.size(); ++i) {
      const cluster::RoundsRecord record = cluster::EncodeRoundsEvent(run_.events[i], checksum);
      checksum = record.checksum;
      data[cluster::RoundsEventKey(i)] = record.text;
    }
    cluster_.Put("configmaps", {{"metadata",
                                 {{"name", "seen-rounds-0"},
                                  {"namespace", "ns"},
                                  {"resourceVersion", "1"},
                                  {"ownerReferences", json::array({{{"uid", "1"}, {"controller", true}}})}}},
                                {"data", data}});
  }

  void WriteFile(const std::string& name, const std::string& text) {
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(cluster_.pod_directory() + "/" + name, text).ok());
  }

  int Run() {
    kube::ApiClient client({.server = cluster_.url(), .name_space = "ns"}, *http_, RealClock());
    out_.str("");
    err_.str("");
    return Fetch({.name = "seen", .name_space = "ns", .directory = directory(), .version = "1.2.3"}, client,
                 RealFileSystem(), RealClock(), out_, err_);
  }

  std::string directory() const { return parent_.path() + "/seen"; }
  std::vector<std::string> Names() const { return RealFileSystem().ListDirectory(directory()).value(); }
  std::string Read(const std::string& name) const {
    return RealFileSystem().ReadFile(directory() + "/" + name, std::uint64_t{1} << 30).value();
  }

  report::ReportInput run_;
  FakeCluster cluster_;
  TemporaryDirectory parent_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient({});
  const std::string model_ = std::string(3 * agent::FilePage::kPieceBytes, 'm') + "end";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(FetchTest, MakesTheDirectoryThatARunOnThisMachineMakes) {
  ASSERT_EQ(Run(), 0) << err_.str();
  EXPECT_THAT(Names(),
              ElementsAre("job.json", "journal", "model.safetensors", "report.html", "result.json", "schedule.csv"));
  EXPECT_EQ(Read("model.safetensors"), model_);
  const json result = ParseJson(Read("result.json")).value();
  EXPECT_EQ(result.at("outcome"), "Succeeded");
  EXPECT_EQ(result.at("testAccuracy"), 0.75);
  EXPECT_EQ(result.at("durationSeconds"), 3600);
  EXPECT_EQ(result.at("evaluation").at("images"), 100);
  // What `eoa report`, `compare` and `schedule` read.
  const auto read = report::ReadRun(directory(), RealFileSystem());
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->events.size(), run_.events.size());
}

TEST_F(FetchTest, TellsTheJobThatItsModelIsTakenAndLeavesNoKeyBehind) {
  ASSERT_EQ(Run(), 0) << err_.str();
  EXPECT_NE(TextAt(At(cluster_.Get("eoajobs/seen"), "metadata", "annotations"), "eoa.io/fetched"), "");
  EXPECT_EQ(TextAt(At(cluster_.Get("pods/seen-wolves-0"), "metadata", "annotations"), "eoa.io/fetch-key"), "");
}

TEST_F(FetchTest, GoesOnWhereItWasInterrupted) {
  cluster_.BreakAtPiece(2);
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(Names(), Not(testing::Contains("model.safetensors")));
  EXPECT_EQ(At(cluster_.Get("eoajobs/seen"), "metadata", "annotations").contains("eoa.io/fetched"), false);
  cluster_.BreakAtPiece(-1);
  ASSERT_EQ(Run(), 0) << err_.str();
  EXPECT_EQ(Read("model.safetensors"), model_);
  EXPECT_EQ(cluster_.pieces(), 2 + 2 + 1) << "two of four were there already; one is the evaluation's";
}

TEST_F(FetchTest, MakesAPodThatReadsTheClaimWhenNoPodIsLeft) {
  cluster_.Remove("pods/seen-wolves-0");
  cluster_.Put("statefulsets", ParseJson(R"({"metadata": {"name": "seen-wolves", "namespace": "ns"}, "spec": {
    "volumeClaimTemplates": [{"metadata": {"name": "checkpoints"}}],
    "template": {"spec": {"containers": [{"name": "trainer", "image": "i",
      "env": [{"name": "EOA_DIRECTORY", "value": "/checkpoints"}],
      "volumeMounts": [{"name": "checkpoints", "mountPath": "/checkpoints"}]}]}}}})")
                                   .value());
  ASSERT_EQ(Run(), 0) << err_.str();
  EXPECT_EQ(Read("model.safetensors"), model_);
}

TEST_F(FetchTest, SaysWhenTheModelIsGoneAndGivesTheRest) {
  cluster_.Remove("pods/seen-wolves-0");
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("the model: pod seen-wolves-0 does not run"));
  EXPECT_THAT(Names(), ElementsAre("job.json", "journal", "report.html", "result.json", "schedule.csv"));
}

TEST_F(FetchTest, OfARunningJobTakesTheNewestWholeCheckpointAndGivesNoResult) {
  PutJob("Running");
  std::filesystem::remove(cluster_.pod_directory() + "/model.safetensors");
  for (const char* name : {"checkpoint-9.weights", "checkpoint-10.weights"}) {
    WriteFile(std::string(name) + ".safetensors", name);
    WriteFile(std::string(name) + ".json", "{}");
  }
  WriteFile("checkpoint-11.weights.safetensors", "its manifest is still to come");
  ASSERT_EQ(Run(), 0) << err_.str();
  EXPECT_THAT(Names(),
              ElementsAre("checkpoint-10.weights.safetensors", "job.json", "journal", "report.html", "schedule.csv"));
  EXPECT_FALSE(At(cluster_.Get("eoajobs/seen"), "metadata", "annotations").contains("eoa.io/fetched"));
}

TEST_F(FetchTest, OverwritesNoOtherRun) {
  ASSERT_TRUE(RealFileSystem().CreateDirectories(directory()).ok());
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(directory() + "/notes.txt", "mine").ok());
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("is not empty"));
  EXPECT_THAT(Names(), ElementsAre("notes.txt"));
}

}  // namespace
}  // namespace eoa::fetch
