// How the programs reach a cluster: whose credentials they use, and an HTTP client that speaks TLS with them.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/kube/connection.h"

namespace eoa::app {

struct ClusterFlags {
  std::string kubeconfig;  // empty: a pod's own service account; outside of a pod $KUBECONFIG, ~/.kube/config
  std::string context;     // empty: the kubeconfig's current one
};

// Errors as LoadInCluster and LoadKubeconfig have them.
Result<kube::Connection> Connect(const ClusterFlags& flags);

// `program` as "eoa/0.1.0" goes into the User-Agent, which the API server's audit log shows.
std::unique_ptr<net::HttpClient> MakeClusterClient(const kube::Connection& connection, const std::string& program);

}  // namespace eoa::app
