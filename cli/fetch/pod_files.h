// The files of a pod's directory, as its agent (or `eoa-trainer serve`) gives them out through the API server
// (docs/protocol.md, "Files"): no port of the cluster needs to be reachable, and who may is the API server's decision.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "operator/kube/api_client.h"

namespace eoa::fetch {

struct RemoteFile {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t changed = 0;  // nanoseconds since 1970
};

// How much of a file has come.
using OnProgress = std::function<void(const RemoteFile& file, std::int64_t done)>;

// Thread-safety: none; one owner. `client` outlives it.
class PodFiles {
 public:
  // `port`: of the pod; `key`: whose digest is in its annotation.
  PodFiles(kube::ApiClient& client, kube::ObjectKey pod, int port, std::string key)
      : client_(client), pod_(std::move(pod)), port_(port), key_(std::move(key)) {}

  // Errors of ApiClient; Aborted while the pod does not know the key yet.
  Result<std::vector<RemoteFile>> List();

  // Into `path`, in bounded memory. What an earlier call has left goes on where it ended, if the file is still the
  // same. DataLoss: a piece does not match its checksum, or the file ends early.
  Status Fetch(const RemoteFile& file, const std::string& path, FileSystem& files, const OnProgress& on_progress);

 private:
  std::string Path(const std::string& file, std::int64_t from) const;

  kube::ApiClient& client_;
  const kube::ObjectKey pod_;
  const int port_;
  const std::string key_;
};

}  // namespace eoa::fetch
