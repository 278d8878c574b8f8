#include "operator/kube/connection.h"

#include <cstdlib>
#include <utility>

namespace eoa::kube {
namespace {

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::uint64_t kMaxNamespaceBytes = 1024;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<Connection> LoadInCluster(FileSystem& files, Clock& clock) {
  const std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return FailedPreconditionError(
        "this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  Connection connection;
  // The HTTP client takes no IPv6 addresses; the name stands in every API server's certificate.
  connection.server = "https://" + (host.find(':') == std::string::npos ? host : "kubernetes.default.svc") + ":" + port;
  const std::string folder = kServiceAccount;
  if (Result<std::string> name_space = files.ReadFile(JoinPath(folder, "namespace"), kMaxNamespaceBytes);
      name_space.ok() && !name_space->empty()) {
    connection.name_space = *std::move(name_space);
  }
  CredentialSources sources;
  sources.authorities.file = JoinPath(folder, "ca.crt");
  sources.token.file = JoinPath(folder, "token");
  EOA_ASSIGN_OR_RETURN(connection.credentials, Credentials::Load(std::move(sources), files, clock));
  return connection;
}

std::vector<std::string> KubeconfigPaths(const std::string& given) {
  const std::string list = given.empty() ? Environment("KUBECONFIG") : given;
  if (list.empty()) return {JoinPath(Environment("HOME"), ".kube/config")};
  if (!given.empty()) return {given};
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    if (end > begin) paths.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

}  // namespace eoa::kube
