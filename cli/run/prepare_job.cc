#include "cli/run/prepare_job.h"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "common/base/number.h"
#include "common/evolve/load_schedules.h"
#include "common/job/datasets.h"

namespace eoa::local {
namespace {

void MakeAbsolute(std::string& path, const std::filesystem::path& directory) {
  if (!path.empty()) path = (directory / path).lexically_normal().string();
}

Error Missing(const std::string& field, const std::string& path, const std::string& advice) {
  return InvalidArgumentError(field + ": there is nothing at '" + path + "'; " + advice);
}

}  // namespace

void MakePathsAbsolute(api::JobSpec& spec, const std::string& directory) {
  MakeAbsolute(spec.trainer.dataset.path, directory);
  MakeAbsolute(spec.trainer.model.pretrained, directory);
  for (api::PopulationSpec& population : spec.populations) {
    if (evolve::ReadsSchedule(population.algorithm)) MakeAbsolute(population.algorithm.schedule, directory);
  }
}

Status CheckInputs(const api::JobSpec& spec, FileSystem& files) {
  const api::DatasetSpec& dataset = spec.trainer.dataset;
  if (!files.Exists(dataset.path)) {
    const std::string name(ToWord(dataset.name));
    return Missing("spec.trainer.dataset.path", dataset.path,
                   api::RowOf(dataset.name).official() ? "`eoa data " + name + " " + dataset.path + "` fetches it"
                                                       : "a relative path counts from the job file's folder");
  }
  const std::string& pretrained = spec.trainer.model.pretrained;
  if (!pretrained.empty() && !files.Exists(pretrained)) {
    return Missing("spec.trainer.model.pretrained", pretrained, "a relative path counts from the job file's folder");
  }
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    const api::AlgorithmSpec& algorithm = spec.populations[i].algorithm;
    if (evolve::ReadsSchedule(algorithm) && !files.Exists(algorithm.schedule)) {
      return Missing("spec.populations[" + std::to_string(i) + "].algorithm.schedule", algorithm.schedule,
                     "allowed are Constant, Cosine, or a schedule.csv");
    }
  }
  return OkStatus();
}

int ThreadsPerMember(int cores, int members) { return std::max(1, cores / std::max(1, members)); }

int AvailableCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

int NextRunNumber(const std::vector<std::string>& entries, std::string_view name) {
  std::int64_t greatest = 0;
  const std::string prefix = std::string(name) + "-";
  for (const std::string& entry : entries) {
    if (!entry.starts_with(prefix)) continue;
    const Result<std::int64_t> number = ParseInteger(std::string_view(entry).substr(prefix.size()));
    if (number.ok() && *number < 1'000'000'000) greatest = std::max(greatest, *number);
  }
  return static_cast<int>(greatest) + 1;
}

std::string NewestRunDirectory(const std::string& parent, const std::string& name, FileSystem& files) {
  const Result<std::vector<std::string>> entries = files.ListDirectory(parent);
  const int newest = entries.ok() ? NextRunNumber(*entries, name) - 1 : 0;
  return newest < 1 ? "" : JoinPath(parent, name + "-" + std::to_string(newest));
}

Result<std::string> MakeRunDirectory(const std::string& parent, const std::string& name, FileSystem& files) {
  EOA_RETURN_IF_ERROR(files.CreateDirectories(parent));
  EOA_ASSIGN_OR_RETURN(const std::vector<std::string> entries, files.ListDirectory(parent));
  int number = NextRunNumber(entries, name);
  for (;;) {
    std::string path = JoinPath(parent, name + "-" + std::to_string(number));
    if (::mkdir(path.c_str(), 0777) == 0) return path;
    if (errno != EEXIST) return ErrnoError(errno, "making " + path);
    ++number;  // another run took it a moment ago
  }
}

}  // namespace eoa::local
