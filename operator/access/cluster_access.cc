#include "operator/access/cluster_access.h"

#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/net/cpprest/cpprest_client.h"

namespace eoa::app {

Result<kube::Connection> Connect(const ClusterFlags& flags) {
  FileSystem& files = RealFileSystem();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment
  const char* service = std::getenv("KUBERNETES_SERVICE_HOST");
  const bool in_pod = service != nullptr && *service != '\0';
  if (flags.kubeconfig.empty() && flags.context.empty() && in_pod) return kube::LoadInCluster(files, RealClock());
  return kube::LoadKubeconfig(kube::KubeconfigPaths(flags.kubeconfig), flags.context, files, RealClock());
}

std::unique_ptr<net::HttpClient> MakeClusterClient(const kube::Connection& connection, const std::string& program) {
  net::CpprestOptions options;
  options.user_agent = program;
  options.tls = [credentials = connection.credentials] { return credentials->Identity(); };
  options.tls_server_name = connection.tls_server_name;
  options.tls_verify = connection.tls_verify;
  return net::MakeCpprestClient(options);
}

}  // namespace eoa::app
