#include "cli/app/validate_command.h"

#include <ostream>

#include "common/base/json_access.h"
#include "common/estimate/memory_estimate.h"
#include "common/job/read_job.h"
#include "operator/plan/storage.h"

namespace eoa::app {
namespace {

// Where a cluster keeps what is trained.
std::string DescribeStorage(const api::Job& job) {
  const api::PopulationSpec& population = job.spec.population(0);
  const plan::Storage usual = plan::StorageOf(job, population, true);
  const plan::Storage least = plan::StorageOf(job, population, false);
  constexpr const char* kInPods = "in the pods, with which they are lost";
  if (usual.place == plan::Place::kVolume) {
    return std::string("on the template's volume") + (usual.durable ? "" : ", an emptyDir: lost with the pods");
  }
  if (usual.place == plan::Place::kPods) return kInPods;
  const nlohmann::json claim = plan::ClaimSpec(job, population);
  const std::string size = TextAt(At(claim, "resources", "requests"), "storage");
  const std::string on_claims = "on a claim" + (size.empty() ? "" : " of " + size) + " for each pod";
  if (least.place == plan::Place::kClaims) return on_claims;
  return on_claims + " where there is a default StorageClass, else " + kInPods;
}

}  // namespace

int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const JobFile read = ReadJobFile(options.file, files, err);
  if (!read.job) return read.code;
  if (options.defaults) {
    out << api::JobToYaml(*read.job);
  } else {
    const api::TrainerSpec& trainer = read.job->spec.trainer;
    out << read.name << ": valid\neach member needs " << api::DescribeMemory(api::EstimateMemory(trainer), trainer)
        << "\non a cluster checkpoints and the model are " << DescribeStorage(*read.job) << "\n";
  }
  return CommandExit::kOk;
}

}  // namespace eoa::app
