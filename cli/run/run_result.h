// result.json (docs/file-formats.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "broker/core/failure_policy.h"
#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/job/job.h"

namespace eoa::local {

struct RunSummary {
  broker::JobVerdict verdict;
  Duration duration{};
  WallTime started;
  std::string version;  // of eoa

  // The test set class by class, as the trainer left it beside the model; null without.
  nlohmann::ordered_json evaluation = nullptr;
};

nlohmann::ordered_json RunResultJson(const api::Job& job, const broker::EcosphereView& view, const RunSummary& summary);

// For people: indented, each row of a confusion matrix in a line.
std::string RunResultText(nlohmann::ordered_json result);

}  // namespace eoa::local
