#include "operator/cluster/storage_classes.h"

#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

class StorageClassesTest : public testing::Test {
 protected:
  void Create(const std::string& name, const std::string& provisioner, const char* is_default) {
    const ApiPath path{.api_version = "storage.k8s.io/v1",
                       .name_space = {},
                       .plural = "storageclasses",
                       .name = {},
                       .subresource = {}};
    const json object = {
        {"apiVersion", "storage.k8s.io/v1"},
        {"kind", "StorageClass"},
        {"metadata", {{"name", name}, {"annotations", {{"storageclass.kubernetes.io/is-default-class", is_default}}}}},
        {"provisioner", provisioner}};
    ASSERT_EQ(server_.objects().Create(path, object).status, 201);
  }

  ScriptedApiServer server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient({});
  FakeClock clock_;
  kube::ApiClient client_{{.server = server_.url()}, *http_, RealClock()};
  StorageClasses classes_{client_, clock_};
};

TEST_F(StorageClassesTest, SeesADefaultThatMakesVolumesWithinAMinute) {
  Create("other", "csi.example.com", "false");
  Create("static", "kubernetes.io/no-provisioner", "true");
  EXPECT_FALSE(classes_.HasDefault());
  Create("fast", "csi.example.com", "true");
  EXPECT_FALSE(classes_.HasDefault()) << "it is not asked at every job";
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_TRUE(classes_.HasDefault());
  EXPECT_EQ(server_.CountRequests("GET", "/storageclasses"), 2);
}

TEST_F(StorageClassesTest, HasNoneWhereItMayNotLookAndKeepsTheLastAnswerOverAnOutage) {
  server_.Inject({.target = "/storageclasses", .times = 1, .status = 403, .reason = "Forbidden"});
  EXPECT_FALSE(classes_.HasDefault());
  Create("fast", "csi.example.com", "true");
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_TRUE(classes_.HasDefault());
  server_.Inject({.target = "/storageclasses", .times = 1, .status = 500});
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_TRUE(classes_.HasDefault());
}

}  // namespace
}  // namespace eoa::cluster
