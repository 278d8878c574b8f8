#include "trainer/agent/record.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/json_guard.h"

namespace eoa::agent {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

Result<const json*> Field(const json& object, const char* name, json::value_t type) {
  const auto it = object.find(name);
  if (it == object.end()) return NotFoundError(std::string("field '") + name + "' is missing");
  if (it->type() != type) return InvalidArgumentError(std::string("field '") + name + "' has the wrong type");
  return &*it;
}

Result<std::vector<int>> ReadGenerations(const json& list) {
  std::vector<int> generations;
  for (const json& entry : list) {
    if (!entry.is_number_integer()) return InvalidArgumentError("checkpoints must be whole numbers");
    generations.push_back(entry.get<int>());
  }
  return generations;
}

Result<std::vector<double>> ReadRates(const json& list) {
  std::vector<double> rates;
  for (const json& entry : list) {
    if (!entry.is_number()) return InvalidArgumentError("learningRates must be numbers");
    rates.push_back(entry.get<double>());
  }
  return rates;
}

Result<Record> Read(const json& root) {
  EOA_ASSIGN_OR_RETURN(const std::int64_t version, GetInteger(root, "version"));
  if (version != kVersion) return InvalidArgumentError("version " + std::to_string(version) + " is not known");
  Record record;
  EOA_ASSIGN_OR_RETURN(record.job_uid, GetString(root, "jobUid"));
  EOA_ASSIGN_OR_RETURN(const json* checkpoints, Field(root, "checkpoints", json::value_t::array));
  EOA_ASSIGN_OR_RETURN(record.checkpoints, ReadGenerations(*checkpoints));
  EOA_ASSIGN_OR_RETURN(const json* rates, Field(root, "rates", json::value_t::array));
  for (const json& entry : *rates) {
    EOA_ASSIGN_OR_RETURN(const std::int64_t generation, GetInteger(entry, "generation"));
    EOA_ASSIGN_OR_RETURN(const json* list, Field(entry, "learningRates", json::value_t::array));
    EOA_ASSIGN_OR_RETURN(record.rates[static_cast<int>(generation)], ReadRates(*list));
  }
  EOA_ASSIGN_OR_RETURN(const json* weights, Field(root, "weights", json::value_t::array));
  for (const json& entry : *weights) {
    EOA_ASSIGN_OR_RETURN(const std::int64_t generation, GetInteger(entry, "generation"));
    EOA_ASSIGN_OR_RETURN(const std::int64_t crc, GetInteger(entry, "crc32"));
    EOA_ASSIGN_OR_RETURN(std::string file, GetString(entry, "file"));
    record.weights.push_back({static_cast<int>(generation), std::move(file), static_cast<std::uint32_t>(crc)});
  }
  if (root.contains("lastDecision")) {
    EOA_ASSIGN_OR_RETURN(record.last_decision, api::FromJson<api::Decision>(root["lastDecision"]));
  }
  if (root.contains("finished")) {
    EOA_ASSIGN_OR_RETURN(record.finished, api::FromJson<api::FinishRequest>(root["finished"]));
  }
  return record;
}

}  // namespace

std::string RecordToText(const Record& record) {
  json rates = json::array();
  for (const auto& [generation, list] : record.rates) {
    rates.push_back({{"generation", generation}, {"learningRates", list}});
  }
  json weights = json::array();
  for (const WeightsFile& entry : record.weights) {
    weights.push_back({{"generation", entry.generation}, {"file", entry.file}, {"crc32", entry.crc32}});
  }
  json root = {{"version", kVersion},
               {"jobUid", record.job_uid},
               {"checkpoints", record.checkpoints},
               {"rates", std::move(rates)},
               {"weights", std::move(weights)}};
  if (record.last_decision) root["lastDecision"] = api::ToJson(*record.last_decision);
  if (record.finished) root["finished"] = api::ToJson(*record.finished);
  return DumpJson(root) + "\n";
}

Result<Record> RecordFromText(std::string_view text) {
  EOA_ASSIGN_OR_RETURN(const json root, ParseJson(text));
  Result<Record> record = Read(root);
  if (!record.ok()) return DataLossError("agent record: " + record.error().message());
  return record;
}

void AddCheckpoint(Record& record, int generation, int keep) {
  std::vector<int>& list = record.checkpoints;
  const auto at = std::lower_bound(list.begin(), list.end(), generation);
  if (at == list.end() || *at != generation) list.insert(at, generation);
  while (std::cmp_greater(list.size(), keep)) list.erase(list.begin());
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
