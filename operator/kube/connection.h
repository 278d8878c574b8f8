// Connection: where the API server is and how to be let in; from a pod's own files, or from kubeconfig files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/result.h"
#include "operator/kube/credentials.h"

namespace eoa::kube {

struct Connection {
  std::string server;  // https://host:port, perhaps with a path; no slash at the end
  std::string name_space = "default";
  std::string tls_server_name{};  // empty: the server's host
  bool tls_verify = true;
  std::shared_ptr<Credentials> credentials{};
};

// As a pod: kubernetes.default.svc, with the service account's token and authorities. FailedPrecondition outside of
// one.
Result<Connection> LoadInCluster(FileSystem& files, Clock& clock);

// As kubectl does: the files in `paths` are merged, the first that names a thing wins; relative paths in them count
// from the file's own folder. `context` empty: the current one. The error names file and field.
Result<Connection> LoadKubeconfig(const std::vector<std::string>& paths, const std::string& context, FileSystem& files,
                                  Clock& clock);

// The paths that `given` (a --kubeconfig flag, may be empty) or else $KUBECONFIG or else ~/.kube/config name.
std::vector<std::string> KubeconfigPaths(const std::string& given);

}  // namespace eoa::kube
