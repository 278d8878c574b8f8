// What has become of one run of a sweep, from the files that `eoa run` left (docs/file-formats.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "common/words/word.h"

namespace eoa::sweep {

// Pending: not begun. Interrupted: the next call goes on with it.
enum class RunState { kPending, kInterrupted, kSucceeded, kFailed };
constexpr auto WordsOf(RunState) { return Words<RunState>("Pending", "Interrupted", "Succeeded", "Failed"); }

struct RunRecord {
  RunState state = RunState::kPending;
  std::string reason;  // Failed: why
  // Of a run that succeeded; shares of 1.
  std::optional<double> test_accuracy;
  std::optional<double> test_loss;
  std::optional<double> fitness;  // of the last elected member
  std::optional<double> seconds;  // from start to end; not known of a run that was interrupted in between
  // Over the generations, but those that probe, of the mean of all members' learning rates.
  std::optional<double> learning_rate_sum;
};

// `result` is result.json, `schedule` schedule.csv. A result without an outcome is that of a run that was interrupted.
RunRecord RecordOf(const nlohmann::ordered_json& result, std::string_view schedule);

// Nothing when the text is no schedule.csv.
std::optional<double> SumOfMeanRates(std::string_view schedule);

}  // namespace eoa::sweep
