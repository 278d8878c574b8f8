#include "common/job/read_job.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "common/document/findings.h"
#include "common/document/json_document.h"
#include "common/document/read_yaml.h"
#include "common/job/complete_job.h"
#include "common/job/job_rules.h"
#include "common/job/read_object.h"
#include "common/job/schema.h"

namespace eoa::api {
namespace {

// `earlier` are mistakes of the text itself.
JobOutcome ReadDocument(const Node& root, const std::vector<Mistake>& earlier) {
  Findings findings;
  for (const Mistake& mistake : earlier) findings.RefuseAt(mistake.mark, mistake.field, mistake.value, mistake.message);
  Job job;
  findings.NotePlace("", root.mark);
  ReadObject(JobSchema(), root, "", &job, findings);
  CompleteJob(job, findings);
  CheckRules(job, findings);
  JobOutcome outcome;
  outcome.mistakes = findings.TakeMistakes();
  if (!outcome.mistakes.empty()) return outcome;
  AddWarnings(job, findings);
  outcome.warnings = findings.TakeWarnings();
  outcome.job = std::move(job);
  return outcome;
}

Result<Job> JobOrError(JobOutcome outcome, std::string_view file) {
  if (outcome.job) return *std::move(outcome.job);
  std::string text;
  for (const Mistake& mistake : outcome.mistakes) text += (text.empty() ? "" : "\n") + ToString(mistake, file);
  return InvalidArgumentError(std::move(text));
}

}  // namespace

JobOutcome ReadJob(std::string_view text) {
  YamlOutcome yaml = ReadYaml(text, {"an", "EOAJob"});
  if (!yaml.root) return {std::nullopt, std::move(yaml.mistakes), {}};
  return ReadDocument(*yaml.root, yaml.mistakes);
}

Result<Job> JobFromText(std::string_view text, std::string_view file) { return JobOrError(ReadJob(text), file); }

Result<Job> JobFromJson(const nlohmann::json& document) {
  const Result<Node> root = NodeFromJson(document);
  if (!root.ok()) return root.error();
  return JobOrError(ReadDocument(*root, {}), "");
}

}  // namespace eoa::api
