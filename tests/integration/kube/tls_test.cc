// TLS against a real server with certificates made for the test: whom the client believes, and as whom it comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "common/net/cpprest/cpprest_client.h"
#include "operator/kube/api_client.h"
#include "operator/kube/connection.h"
#include "tests/fakes/fake_clock.h"
#include "tests/integration/kube/program.h"
#include "tests/temporary_directory.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory();
    RunToEnd({"/bin/sh", std::string(EOA_SOURCE_DIR) + "/tests/integration/kube/certificates.sh", folder_->path()});
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string Pem(const std::string& file) { return JoinPath(folder_->path(), file); }
  static std::string Text(const std::string& file) { return *RealFileSystem().ReadFile(Pem(file), 1 << 20); }

  void Serve(const std::string& name, const std::string& authority = "") {
    std::vector<std::string> arguments = {"python3",
                                          std::string(EOA_SOURCE_DIR) + "/tests/integration/kube/tls_server.py",
                                          Pem(name + ".crt"), Pem(name + ".key")};
    if (!authority.empty()) arguments.push_back(Pem(authority + ".crt"));
    server_ = std::make_unique<Program>(arguments);
  }
  std::string Url(const std::string& host = "127.0.0.1") { return "https://" + host + ":" + server_->first_line(); }

  Result<json> Ask(net::HttpClient& http, const std::string& host = "127.0.0.1") {
    net::Request request;
    request.url = Url(host) + "/";
    EOA_ASSIGN_OR_RETURN(const net::Response answer, http.Send(request));
    return ParseJson(answer.body);
  }
  Result<json> AskTrusting(const std::string& authority, const std::string& host = "127.0.0.1",
                           net::CpprestOptions options = {}) {
    auto identity = std::make_shared<net::TlsIdentity>();
    identity->authorities = Text(authority);
    options.tls = [identity] { return identity; };
    return Ask(*net::MakeCpprestClient(options), host);
  }

  static inline TemporaryDirectory* folder_ = nullptr;
  std::unique_ptr<Program> server_;
};

TEST_F(TlsTest, BelievesAServerOfItsAuthorityByNameAndByAddress) {
  Serve("server");
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const Result<json> answer = AskTrusting("ca.crt", host);
    ASSERT_TRUE(answer.ok()) << answer.error().ToString();
    EXPECT_EQ((*answer)["version"], "TLSv1.3");
  }
}

TEST_F(TlsTest, RefusesAServerOfAnotherAuthority) {
  Serve("server");
  const Result<json> answer = AskTrusting("other.crt");
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message(), HasSubstr("TLS"));
}

TEST_F(TlsTest, RefusesAServerOfAnotherNameUnlessThatNameIsExpected) {
  Serve("stranger");
  EXPECT_FALSE(AskTrusting("ca.crt", "localhost").ok());
  EXPECT_TRUE(AskTrusting("ca.crt", "localhost", {.tls_server_name = "stranger.example"}).ok());
  Serve("server");
  EXPECT_FALSE(AskTrusting("ca.crt", "localhost", {.tls_server_name = "stranger.example"}).ok());
}

TEST_F(TlsTest, BelievesAnyServerOnlyWhenToldTo) {
  Serve("stranger");
  EXPECT_TRUE(AskTrusting("other.crt", "localhost", {.tls_verify = false}).ok());
}

TEST_F(TlsTest, MakesNoConnectionFromAuthoritiesThatAreNone) {
  Serve("server");
  net::CpprestOptions options;
  options.tls = [] { return std::make_shared<net::TlsIdentity>(net::TlsIdentity{.authorities = "nonsense"}); };
  EXPECT_FALSE(Ask(*net::MakeCpprestClient(options)).ok());
  options.tls = [] { return std::shared_ptr<net::TlsIdentity>(); };
  EXPECT_FALSE(Ask(*net::MakeCpprestClient(options)).ok());
}

class RotationTest : public TlsTest {
 protected:
  void SetUp() override {
    sources_.authorities.file = Copy("ca.crt", "authority");
    sources_.certificate.file = Copy("client.crt", "certificate");
    sources_.key.file = Copy("client.key", "key");
    credentials_ = *Credentials::Load(sources_, RealFileSystem(), clock_);
    http_ = net::MakeCpprestClient({.tls = [credentials = credentials_] { return credentials->Identity(); }});
  }
  std::string Copy(const std::string& from, const std::string& to) {
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(JoinPath(own_.path(), to), Text(from)).ok());
    return JoinPath(own_.path(), to);
  }
  // As ApiClient does for each request.
  Result<json> AskAfter(Duration time) {
    clock_.Advance(time);
    EXPECT_TRUE(credentials_->Token().ok());
    return Ask(*http_);
  }

  TemporaryDirectory own_;
  FakeClock clock_;
  CredentialSources sources_;
  std::shared_ptr<Credentials> credentials_;
  std::unique_ptr<net::HttpClient> http_;
};

TEST_F(RotationTest, ShowsItsCertificateAndKeepsTheConnection) {
  Serve("server", "ca");
  const Result<json> first = AskAfter(0s);
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  EXPECT_EQ((*first)["client"], "first");
  EXPECT_EQ((*AskAfter(61s))["peer"], (*first)["peer"]);
}

TEST_F(RotationTest, ShowsARotatedCertificateOnANewConnection) {
  Serve("server", "ca");
  const Result<json> first = AskAfter(0s);
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  Copy("client2.crt", "certificate");
  Copy("client2.key", "key");
  const Result<json> second = AskAfter(61s);
  ASSERT_TRUE(second.ok()) << second.error().ToString();
  EXPECT_EQ((*second)["client"], "second");
  EXPECT_NE((*second)["peer"], (*first)["peer"]);
}

TEST_F(RotationTest, BelievesTheNewAuthorityAfterARotationAndTheOldOneNoMore) {
  Serve("other-server");
  EXPECT_FALSE(AskAfter(0s).ok());
  Copy("other.crt", "authority");
  EXPECT_FALSE(AskAfter(1s).ok());  // not read yet
  const Result<json> answer = AskAfter(61s);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  Serve("server");
  EXPECT_FALSE(AskAfter(0s).ok());
}

// An exec plugin gives the client certificate.
TEST_F(TlsTest, ComesAsWhomThePluginOfAKubeconfigSays) {
  Serve("server", "ca");
  const std::string config = Pem("config");
  const std::string plugin =
      "#!/bin/sh\n"
      "test -n \"$KUBERNETES_EXEC_INFO\" && test \"$WHO\" = client2 || exit 3\n"
      "python3 - \"$WHO\" <<'EOF'\n"
      "import json, sys\n"
      "read = lambda end: open('" +
      folder_->path() +
      "/' + sys.argv[1] + end).read()\n"
      "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',\n"
      "  'status': {'clientCertificateData': read('.crt'), 'clientKeyData': read('.key')}}))\n"
      "EOF\n";
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(Pem("plugin.sh"), plugin).ok());
  RunToEnd({"chmod", "+x", Pem("plugin.sh")});
  ASSERT_TRUE(RealFileSystem()
                  .WriteFileAtomically(config,
                                       "current-context: c\n"
                                       "clusters: [{name: k, cluster: {server: '" +
                                           Url() +
                                           "', certificate-authority: ca.crt}}]\n"
                                           "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
                                           "users: [{name: u, user: {exec: {apiVersion: "
                                           "client.authentication.k8s.io/v1, command: ./plugin.sh, env: "
                                           "[{name: WHO, value: client2}]}}}]\n")
                  .ok());
  const Result<Connection> connection = LoadKubeconfig({config}, "", RealFileSystem(), RealClock());
  ASSERT_TRUE(connection.ok()) << connection.error().ToString();
  const auto http =
      net::MakeCpprestClient({.tls = [credentials = connection->credentials] { return credentials->Identity(); }});
  ApiClient client(*connection, *http, RealClock());
  const Result<std::string> answer = client.GetRaw("/version");
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_THAT(*answer, HasSubstr("second"));
}

}  // namespace
}  // namespace eoa::kube
