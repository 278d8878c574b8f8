#include "cli/run/same_job.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "common/base/json_guard.h"
#include "common/job/read_job.h"

namespace eoa::local {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestValue = 60;

// Without what changes nothing that is trained.
json SpecOf(const api::Job& job) {
  json spec = api::JobToJson(job)["spec"];
  for (const char* field : {"suspend", "replicas", "managedBy", "template", "checkpoint", "runPolicy"})
    spec.erase(field);
  spec["trainer"]["dataset"].erase("loaderThreads");
  for (json& population : spec["populations"]) population.erase("template");
  for (std::size_t i = 0; i < job.spec.populations.size(); ++i) {
    const std::vector<double>& rates = job.spec.populations[i].algorithm.learning_rates;
    if (!rates.empty()) spec["populations"][i]["algorithm"]["schedule"] = rates;
  }
  return spec;
}

// "/populations/0/members" is spec.populations[0].members.
std::string FieldOf(const std::string& pointer) {
  std::string field = "spec";
  std::size_t at = 0;
  while (at < pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    const std::string part = pointer.substr(at + 1, end - at - 1);
    const bool number = !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    field += number ? "[" + part + "]" : "." + part;
    at = end;
  }
  return field;
}

std::string ValueAt(const json& spec, const std::string& pointer) {
  const json::json_pointer at(pointer);
  if (!spec.contains(at)) return "nothing";
  std::string text = DumpJson(spec[at]);
  if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "...";
  return text;
}

}  // namespace

std::optional<std::string> FirstDifference(const api::Job& now, const api::Job& before) {
  const json new_spec = SpecOf(now);
  const json old_spec = SpecOf(before);
  const json changes = json::diff(old_spec, new_spec);
  if (changes.empty()) return std::nullopt;
  const std::string pointer = changes[0]["path"];
  return FieldOf(pointer) + ": " + ValueAt(new_spec, pointer) + ", was " + ValueAt(old_spec, pointer);
}

void TakeWhatTrainsNothing(const api::JobSpec& from, api::JobSpec& spec) {
  spec.checkpoint = from.checkpoint;
  spec.run_policy = from.run_policy;
  spec.trainer.dataset.loader_threads = from.trainer.dataset.loader_threads;
}

}  // namespace eoa::local
