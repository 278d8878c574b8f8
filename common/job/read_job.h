// The job file: text to Job and back.
//
// A job is YAML or JSON (which is YAML's subset), one document, at most 1 MiB. Reading it yields either a complete,
// valid Job or all mistakes at once. What YAML has beyond JSON's values is refused: anchors, aliases, tags, merge keys,
// duplicate keys, several documents; so are plain words and numbers that Kubernetes would take for something else than
// they look like (yes, on, 010, 1_000, 0x1F). Rules: docs/api.md; why: docs/decisions/0002-yaml-events.md. All
// functions are pure and bounded in time and memory whatever the text is; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "common/document/document.h"
#include "common/document/mistake.h"
#include "common/job/job.h"

namespace eoa::api {

inline constexpr std::size_t kMaxJobBytes = kMaxDocumentBytes;

struct JobOutcome {
  std::optional<Job> job;         // set exactly when `mistakes` is empty
  std::vector<Mistake> mistakes;  // by line and column; at most 100
  std::vector<Mistake> warnings;  // allowed, but probably not what its author wants
};

// Reads, fills in defaults, checks.
JobOutcome ReadJob(std::string_view text);

// The same for programs that want the job or one error: InvalidArgument with a line for each mistake, as
// ToString(mistake, file) has it.
Result<Job> JobFromText(std::string_view text, std::string_view file);

// The same for a document that is parsed already (a start message, an API object). InvalidArgument names every wrong
// field.
Result<Job> JobFromJson(const nlohmann::json& document);

// The whole job, every field with its value, in the order of docs/api.md. Reading it again gives an equal job, to the
// last bit.
nlohmann::ordered_json JobToJson(const Job& job);
std::string JobToYaml(const Job& job);

}  // namespace eoa::api
