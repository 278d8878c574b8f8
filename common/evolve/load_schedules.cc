#include "common/evolve/load_schedules.h"

#include <utility>

#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

constexpr std::size_t kMaxScheduleBytes = std::size_t{64} << 20;

}  // namespace

bool ReadsSchedule(const api::AlgorithmSpec& algorithm) {
  return algorithm.name == api::Algorithm::kFixed && algorithm.schedule != "Constant" && algorithm.schedule != "Cosine";
}

Status LoadSchedules(api::JobSpec& spec, FileSystem& files) {
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    api::AlgorithmSpec& algorithm = spec.populations[i].algorithm;
    if (!ReadsSchedule(algorithm)) continue;
    const std::string field = "spec.populations[" + std::to_string(i) + "].algorithm.schedule";
    Result<std::string> text = files.ReadFile(algorithm.schedule, kMaxScheduleBytes);
    if (!text.ok()) return std::move(text).error().WithContext(field);
    Result<std::vector<double>> rates = ParseSchedule(*text);
    if (!rates.ok()) return std::move(rates).error().WithContext(field + ": " + algorithm.schedule);
    if (std::cmp_less(rates->size(), spec.ecosphere.generations)) {
      return InvalidArgumentError(field + ": " + algorithm.schedule + " has " + std::to_string(rates->size()) +
                                  " generations, the job " + std::to_string(spec.ecosphere.generations) +
                                  "; set spec.ecosphere.generations to at most as many");
    }
    algorithm.learning_rates = *std::move(rates);
  }
  return OkStatus();
}

}  // namespace eoa::evolve
