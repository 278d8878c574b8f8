// Rules over several fields of a job, and warnings about what is allowed but probably a mistake.
#pragma once

#include "common/document/findings.h"
#include "common/job/job.h"

namespace eoa::api {

// Every rule that spans fields. Rules over fields that are wrong already are passed over. `job` is complete.
void CheckRules(const Job& job, Findings& findings);

// Labels and annotations, as Kubernetes has them; part of CheckRules.
void CheckMetadata(const Metadata& metadata, Findings& findings);

// What the pods' templates must not hold; part of CheckRules.
void CheckTemplates(const JobSpec& spec, Findings& findings);

// Only for a job without mistakes.
void AddWarnings(const Job& job, Findings& findings);

}  // namespace eoa::api
