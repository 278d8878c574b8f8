// What report.html shows, as one JSON document; page.js draws it. Pure.
//
//   name, uid, seed, version, job (YAML text), state ("Running" until there is a result), generations (of the job)
//   populations   [{name, algorithm (words), members, phase, attempts, error}]
//   rounds        [{generation, baseline, closedBy, missing, elected: {population, member, learningRate, fitness,
//                   generation}, reports: [{population, imagesPerSecond, waitSeconds (from its report to the
//                   election; null where that is not known), members: [{member, learningRate, fitness, trainLoss,
//                   fitnessLoss (or null)}]}]}], ascending by generation
//   restarts      [{populations, attempt, generation}]: attempts after the first, and what they went on from
//   stops         [{population, reason}]
//   result        result.json, or null
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/event.h"
#include "broker/core/view.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::report {

struct ReportInput {
  api::Job job;                             // completed
  std::vector<broker::Event> events;        // the journal's, as far as there are
  nlohmann::ordered_json result = nullptr;  // result.json; null while the run goes on
  std::string version;                      // of eoa
};

// The ecosphere that the events add up to. DataLoss when they cannot be of this job.
Result<broker::EcosphereView> ViewOf(const ReportInput& input);

// DataLoss when the events cannot be of this job.
Result<nlohmann::ordered_json> ReportData(const ReportInput& input);

}  // namespace eoa::report
