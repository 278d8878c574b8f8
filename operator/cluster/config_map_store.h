// ConfigMapStore: a StateStore in the ConfigMaps JOB-rounds-0, -1, ... beside the job. docs/file-formats.md has the
// format. They belong to the EOAJob and go with it.
//
// What happens in one moment is one write, which the API server carries out only if nobody else has written since: of two leaders, the
// one that is behind is told Aborted and must Load again, so that what was answered is never contradicted. An answer
// that got lost is looked up before the caller hears of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/event.h"
#include "broker/core/state_store.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "operator/kube/api_client.h"
#include "operator/rounds/stored_rounds.h"

namespace eoa::cluster {

// A ConfigMap is closed when it holds so much, and the next is begun. Every write of an event is one of the whole
// ConfigMap in etcd, which keeps each for some minutes; a new leader asks for each of them.
inline constexpr std::size_t kRoundsChunkBytes = std::size_t{32} << 10;

struct ConfigMapStoreOptions {
  // A job that nobody has worked on yet: the first Load gives nothing without asking the server. If there is something
  // all the same, the first Append is Aborted.
  bool fresh = false;

  int generations = 0;  // so many are known to have been decided: Load is DataLoss when it finds fewer
  std::size_t chunk_bytes = kRoundsChunkBytes;
  RoundsLimits limits{};
};

class ConfigMapStore final : public broker::StateStore {
 public:
  // `client` outlives it. Reads and writes nothing yet.
  explicit ConfigMapStore(kube::ApiClient& client, const api::Job& job, ConfigMapStoreOptions options = {});

  // Loads first if nobody has. Aborted: another leader has written; nothing more is appended before the next Load.
  // FailedPrecondition: a ConfigMap of that name belongs to somebody else. DataLoss: one is gone. ResourceExhausted:
  // the event is bigger than kMaxRoundsEventBytes, or the job's rounds would be more than the limits. Other errors are
  // ApiClient's, but for ResourceExhausted, which is Unavailable here.
  Status Append(const broker::Event& event) override { return AppendTogether({event}); }

  // All of them or none, in one write.
  Status AppendTogether(const std::vector<broker::Event>& events) override;

  // As ReadRounds.
  Result<std::vector<broker::Event>> Load() override;

 private:
  Status CheckComplete(const RoundsContent& content) const;
  // Events that are written together, or none: a ConfigMap is closed.
  struct Batch {
    std::map<std::string, std::string> records;  // by key
    std::size_t bytes = 0;                       // keys and values
    std::uint32_t checksum = 0;                  // of the last one
  };
  Status Write(const Batch& batch);
  Status Begin(const Batch& batch);
  Status Change(nlohmann::json patch, const Batch& batch);
  Status Close();
  Status Settle(const Error& error, const Batch& batch);
  kube::ObjectKey ChunkKey() const;

  kube::ApiClient& client_;
  const api::Job job_;
  const ConfigMapStoreOptions options_;

  bool fresh_;
  bool loaded_ = false;
  Status fault_ = OkStatus();  // why nothing is appended any more
  int chunk_ = 0;              // the one that is written
  bool exists_ = false;        // likewise, and so down to resource_version_
  bool closed_ = false;
  std::size_t keys_ = 0;  // events
  std::size_t bytes_ = 0;
  std::string resource_version_;
  std::uint64_t events_ = 0;  // in all chunks
  std::size_t total_bytes_ = 0;
  std::uint32_t checksum_ = 0;  // of the last event
};

}  // namespace eoa::cluster
