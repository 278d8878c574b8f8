// The agent's record: what must survive the agent's death so that a restarted pod goes on where it was. One JSON file
// in the pod's directory (docs/file-formats.md), replaced atomically. Pure values; thread-safe as such.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/messages/messages.h"

namespace eoa::agent {

inline constexpr std::string_view kRecordFile = "agent.json";

// A population's merged weights of one generation, as served to other populations.
struct WeightsFile {
  int generation = 0;
  std::string file;
  std::uint32_t crc32 = 0;
};

struct Record {
  std::string job_uid;
  std::vector<int> checkpoints;                // generations that every worker of this pod can resume from, ascending
  std::map<int, std::vector<double>> rates;    // leader: the members' LRs by the generation that they are for
  std::optional<api::Decision> last_decision;  // leader: what to step on with when the broker does not answer
  std::vector<WeightsFile> weights;            // leader: what is served, ascending by generation
  std::optional<api::FinishRequest> finished;  // the population's terminal result, delivered or to be delivered
};

std::string RecordToText(const Record& record);

// DataLoss, with the field, for text that RecordToText did not write.
Result<Record> RecordFromText(std::string_view text);

// Notes that `generation` can be resumed from, and forgets what is older than `oldest`, whose files are gone.
void AddCheckpoint(Record& record, int generation, int oldest);

// Notes weights to be served; the newest `keep` stay.
void AddWeights(Record& record, WeightsFile weights, std::size_t keep);

}  // namespace eoa::agent
