// Any text is read as a sweep file. What it makes of a job is a job for each of its runs, or a mistake in one line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/sweep/plan.h"
#include "common/base/check.h"
#include "common/document/json_document.h"
#include "common/document/read_yaml.h"

namespace {

constexpr std::string_view kJob =
    "{apiVersion: eoa.io/v1alpha1, kind: EOAJob, metadata: {name: job}, spec: {trainer: {model: {name: wrn-10-1}, "
    "dataset: {name: cifar10, path: data}}, populations: [{name: wolves, algorithm: {name: GreyWolf}, members: 4}]}}";

void CheckLines(const std::vector<eoa::api::Mistake>& mistakes) {
  for (const eoa::api::Mistake& mistake : mistakes) {
    const std::string line = eoa::api::ToString(mistake, "sweep.yaml");
    EOA_CHECK(line.find('\n') == std::string::npos && line.find('\x1b') == std::string::npos, line);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const nlohmann::ordered_json kDocument =
      eoa::api::NodeToJson(*eoa::api::ReadYaml(kJob, {"an", "EOAJob"}).root);
  const eoa::sweep::SweepOutcome read =
      eoa::sweep::ReadSweep(std::string_view(reinterpret_cast<const char*>(data), size));
  EOA_CHECK(read.sweep.has_value() == read.mistakes.empty(), "a sweep or mistakes, never both");
  CheckLines(read.mistakes);
  if (!read.sweep) return 0;
  const eoa::sweep::PlanOutcome outcome = eoa::sweep::Expand(*read.sweep, kDocument);
  EOA_CHECK(outcome.plan.has_value() == outcome.mistakes.empty(), "a plan or mistakes, never both");
  CheckLines(outcome.mistakes);
  if (!outcome.plan) return 0;
  for (const eoa::sweep::PlannedRun& run : outcome.plan->runs) {
    const eoa::api::Job job = eoa::sweep::JobOf(*outcome.plan, run);
    EOA_CHECK(job.spec.seed == run.seed && job.metadata.name.size() <= 63, job.metadata.name);
  }
  return 0;
}
