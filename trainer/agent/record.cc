#include "trainer/agent/record.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/json_guard.h"
#include "common/codec/codec.h"

namespace eoa::agent {
namespace {

constexpr codec::IntegerSpec kGeneration{.most = std::numeric_limits<int>::max()};

// What a join tells the broker at most.
constexpr std::size_t kMostCheckpoints = 1000;

struct RatesOfGeneration {
  int generation = 0;
  std::vector<double> rates;
};

void Fields(codec::Visitor& v, RatesOfGeneration& value) {
  v.Type("rates");
  v.Integer("generation", value.generation, kGeneration);
  v.Numbers("learningRates", value.rates);
}

}  // namespace

static void Fields(codec::Visitor& v, WeightsFile& value) {
  v.Type("weights");
  v.Integer("generation", value.generation, kGeneration);
  v.Text("file", value.file);
  v.Integer("crc32", value.crc32, {.most = std::numeric_limits<std::uint32_t>::max()});
}

static void Fields(codec::Visitor& v, Record& value) {
  v.Type("agent record");
  v.Constant("version", 1);
  v.Text("jobUid", value.job_uid);
  v.Integers("checkpoints", value.checkpoints, kGeneration);
  std::vector<RatesOfGeneration> rates;
  for (auto& [generation, list] : value.rates) rates.push_back({generation, std::move(list)});
  v.Objects("rates", rates);
  value.rates.clear();
  for (RatesOfGeneration& each : rates) value.rates[each.generation] = std::move(each.rates);
  v.Objects("weights", value.weights);
  v.Object("lastDecision", value.last_decision, codec::kSparse);
  v.Object("finished", value.finished, codec::kSparse);
}

std::string RecordToText(const Record& record) { return DumpJson(codec::ToJson(record)) + "\n"; }

Result<Record> RecordFromText(std::string_view text) {
  const Result<nlohmann::json> root = ParseJson(text);
  if (!root.ok()) return DataLossError("agent record: " + root.error().message());
  Result<Record> record = codec::FromJson<Record>(*root);
  if (!record.ok()) return DataLossError(record.error().message());
  return record;
}

void AddCheckpoint(Record& record, int generation, int oldest) {
  std::vector<int>& list = record.checkpoints;
  const auto at = std::lower_bound(list.begin(), list.end(), generation);
  if (at == list.end() || *at != generation) list.insert(at, generation);
  std::erase_if(list, [&](int each) { return each < oldest && each != generation; });
  while (list.size() > kMostCheckpoints) list.erase(list.begin());
  std::erase_if(record.rates, [&list](const auto& entry) { return entry.first < list.front(); });
}

void AddWeights(Record& record, WeightsFile weights, std::size_t keep) {
  std::erase_if(record.weights, [&](const WeightsFile& entry) { return entry.generation == weights.generation; });
  record.weights.push_back(std::move(weights));
  std::sort(record.weights.begin(), record.weights.end(),
            [](const WeightsFile& a, const WeightsFile& b) { return a.generation < b.generation; });
  while (record.weights.size() > keep) record.weights.erase(record.weights.begin());
}

}  // namespace eoa::agent
