// result.json (docs/file-formats.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/api/job.h"
#include "common/base/clock.h"
#include "operator/broker/view.h"
#include "operator/plan/failure_policy.h"

namespace eoa::local {

using plan::ElectedPopulation;
using plan::Outcome;
using plan::Verdict;

std::string_view OutcomeName(Outcome outcome);

struct RunSummary {
  Verdict verdict;
  Duration duration{};
  WallTime started;
  std::string version;  // of eoa
};

nlohmann::ordered_json RunResultJson(const api::Job& job, const broker::EcosphereView& view, const RunSummary& summary);

}  // namespace eoa::local
