#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/connection.h"
#include "tests/fakes/fake_clock.h"
#include "tests/temporary_directory.h"

namespace eoa::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kPlain = R"(apiVersion: v1
kind: Config
current-context: work
clusters:
- name: big
  cluster:
    server: https://big.example:6443/
    tls-server-name: kubernetes
    certificate-authority-data: Q0E=
contexts:
- name: work
  context: {cluster: big, user: me, namespace: lab}
- name: no-user
  context: {cluster: big}
users:
- name: me
  user: {token: letmein}
)";

class KubeconfigTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(path, text).ok());
    return path;
  }
  Result<Connection> Load(const std::vector<std::string>& paths, const std::string& context = "") {
    return LoadKubeconfig(paths, context, RealFileSystem(), clock_);
  }
  std::string Refused(const std::string& text) {
    const Result<Connection> loaded = Load({Write("refused", text)});
    EXPECT_FALSE(loaded.ok()) << text;
    return loaded.ok() ? "" : loaded.error().ToString();
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
};

TEST_F(KubeconfigTest, TakesServerNamespaceAndCredentialsFromTheCurrentContext) {
  const Result<Connection> loaded = Load({Write("config", kPlain)});
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_EQ(loaded->server, "https://big.example:6443");
  EXPECT_EQ(loaded->name_space, "lab");
  EXPECT_EQ(loaded->tls_server_name, "kubernetes");
  EXPECT_TRUE(loaded->tls_verify);
  EXPECT_EQ(*loaded->credentials->Token(), "letmein");
  EXPECT_EQ(loaded->credentials->Identity()->authorities, "CA");
}

TEST_F(KubeconfigTest, TakesAnotherContextWhenItIsNamed) {
  const std::string path = Write("config", kPlain);
  const Result<Connection> loaded = Load({path}, "no-user");
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_EQ(*loaded->credentials->Token(), "");
  EXPECT_EQ(loaded->name_space, "default");
  EXPECT_THAT(Load({path}, "elsewhere").error().ToString(), HasSubstr("elsewhere"));
}

TEST_F(KubeconfigTest, MergesFilesSoThatTheFirstThatNamesAThingWins) {
  const std::string first = Write("first", "users: [{name: me, user: {token: mine}}]\ncurrent-context: work\n");
  const std::string second = Write("second", kPlain);
  const Result<Connection> loaded = Load({JoinPath(directory_.path(), "absent"), first, second});
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_EQ(*loaded->credentials->Token(), "mine");
  EXPECT_EQ(loaded->server, "https://big.example:6443");
}

TEST_F(KubeconfigTest, ReadsRelativePathsFromTheFilesOwnFolder) {
  ASSERT_TRUE(RealFileSystem().CreateDirectories(JoinPath(directory_.path(), "pki")).ok());
  Write("pki/ca.crt", "authority");
  Write("pki/me.crt", "certificate");
  Write("pki/me.key", "key");
  const Result<Connection> loaded = Load({Write("config", R"(current-context: c
clusters: [{name: k, cluster: {server: "https://h:1", certificate-authority: pki/ca.crt}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
users: [{name: u, user: {client-certificate: pki/me.crt, client-key: pki/me.key}}]
)")});
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  const auto identity = loaded->credentials->Identity();
  EXPECT_EQ(identity->authorities, "authority");
  EXPECT_EQ(identity->certificate, "certificate");
  EXPECT_EQ(identity->key, "key");
}

TEST_F(KubeconfigTest, PrefersDataToFilesAndATokenFileToAToken) {
  Write("token", "from-file\n");
  const Result<Connection> loaded = Load({Write("config", R"(current-context: c
clusters: [{name: k, cluster: {server: "https://h:1", certificate-authority: gone, certificate-authority-data: Q0E=,
            insecure-skip-tls-verify: false}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
users: [{name: u, user: {tokenFile: token, token: direct}}]
)")});
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_EQ(loaded->credentials->Identity()->authorities, "CA");
  EXPECT_EQ(*loaded->credentials->Token(), "from-file");
}

TEST_F(KubeconfigTest, BelievesAnyServerOnlyWhenItSaysSo) {
  const Result<Connection> loaded = Load({Write("config", R"(current-context: c
clusters: [{name: k, cluster: {server: "https://h:1", insecure-skip-tls-verify: true}}]
contexts: [{name: c, context: {cluster: k}}]
)")});
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_FALSE(loaded->tls_verify);
}

TEST_F(KubeconfigTest, SaysWhichFileAndWhatIsWrong) {
  EXPECT_THAT(Refused("a: [\n"), HasSubstr("refused"));
  EXPECT_THAT(Refused("clusters: []\n"), HasSubstr("current-context"));
  EXPECT_THAT(Refused("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"), HasSubstr("'k'"));
  const std::string start = "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n";
  const std::string cluster = start + "clusters: [{name: k, cluster: {server: 'https://h:1'}}]\n";
  EXPECT_THAT(Refused(cluster), HasSubstr("'u'"));
  EXPECT_THAT(Refused(cluster + "users: [{name: u, user: {username: x, password: z}}]\n"), HasSubstr("username"));
  EXPECT_THAT(Refused(cluster + "users: [{name: u, user: {client-certificate-data: '!'}}]\n"), HasSubstr("base64"));
  EXPECT_THAT(Refused(cluster + "users: [{name: u, user: {exec: {command: x, apiVersion: v0}}}]\n"), HasSubstr("v0"));
  EXPECT_THAT(Refused(start + "clusters: [{name: k, cluster: {server: 'h:1'}}]\nusers: [{name: u, user: {}}]\n"),
              HasSubstr("not a URL"));
  EXPECT_THAT(Load({JoinPath(directory_.path(), "absent")}).error().ToString(), HasSubstr("absent"));
}

TEST_F(KubeconfigTest, LooksForFilesWhereKubectlDoes) {
  EXPECT_THAT(KubeconfigPaths("/given:x"), ElementsAre("/given:x"));
  ASSERT_EQ(::setenv("KUBECONFIG", "/a::/b", 1), 0);
  EXPECT_THAT(KubeconfigPaths(""), ElementsAre("/a", "/b"));
  ASSERT_EQ(::unsetenv("KUBECONFIG"), 0);
  ASSERT_EQ(::setenv("HOME", "/home/me", 1), 0);
  EXPECT_THAT(KubeconfigPaths(""), ElementsAre("/home/me/.kube/config"));
}

TEST_F(KubeconfigTest, OutsideOfAPodThereIsNoInClusterConnection) {
  ASSERT_EQ(::unsetenv("KUBERNETES_SERVICE_HOST"), 0);
  EXPECT_EQ(LoadInCluster(RealFileSystem(), clock_).error().code(), ErrorCode::kFailedPrecondition);
}

}  // namespace
}  // namespace eoa::kube
