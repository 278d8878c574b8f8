// The schedule that a run has found, for use elsewhere. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/view.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::report {

enum class ScheduleFormat {
  kCsv,            // columns of schedule.csv; a job's `algorithm: {name: Fixed, schedule: FILE}` replays it
  kJson,           //
  kPython,         // a module with the numbers and a function of the epoch or step
  kPytorchLambda,  // besides a function that makes a torch.optim.lr_scheduler.LambdaLR
};

// csv | json | python | pytorch-lambda. InvalidArgument names them.
Result<ScheduleFormat> ParseScheduleFormat(std::string_view name);

// What a round's weights were trained with (evolve::TrainedRate).
std::optional<double> TrainedRate(const api::JobSpec& spec, const broker::RoundView& round);

// Whose learning rates: those that trained the model (evolve::TrainedRate), or one member's all along.
struct SchedulePath {
  std::optional<std::string> population;
  int member = 0;
};

// NotFound when there is no such member, or no generation with an election yet. A generation that has none of its own
// (a population that was away) keeps the learning rate of the one before, in all formats but csv, which leaves it out.
Result<std::string> ExportSchedule(const api::Job& job, const broker::EcosphereView& view, const SchedulePath& path,
                                   ScheduleFormat format);

}  // namespace eoa::report
