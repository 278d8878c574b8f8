#include "trainer/engine/step_profile.h"

#include <set>
#include <utility>

#include <torch/csrc/autograd/profiler_kineto.h>

#include "common/base/log.h"
#include "trainer/comm/torch_error.h"
#include "trainer/device/device.h"

namespace eoa::train {
namespace {

namespace profiler = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;

}  // namespace

StepProfile::StepProfile(int steps, std::string file, c10::Device device)
    : steps_(steps), file_(std::move(file)), device_(device) {}

// A run that is shorter than the profile still has one.
StepProfile::~StepProfile() {
  if (!running_) return;
  const Status written = Write();
  if (!written.ok()) Log(LogLevel::kWarning, "the profile is not written", {{"error", written.error().ToString()}});
}

Status StepProfile::Begin() {
  if (steps_ == 0 || seen_++ != kUnprofiledSteps) return OkStatus();
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (device_.is_cuda()) activities.insert(ActivityType::CUDA);
  Synchronize(device_);
  EOA_RETURN_IF_ERROR(CatchTorchErrors("starting the profile", [&] {
    const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
    profiler::prepareProfiler(config, activities);
    profiler::enableProfiler(
        config, activities,
        {at::RecordScope::FUNCTION, at::RecordScope::USER_SCOPE, at::RecordScope::BACKWARD_FUNCTION});
  }));
  running_ = true;
  return OkStatus();
}

Status StepProfile::End() {
  if (!running_ || seen_ < kUnprofiledSteps + steps_) return OkStatus();
  return Write();
}

Status StepProfile::Write() {
  running_ = false;
  Synchronize(device_);
  EOA_RETURN_IF_ERROR(CatchTorchErrors("writing the profile", [&] { profiler::disableProfiler()->save(file_); }));
  Log(LogLevel::kInfo, "a profile is written", {{"file", file_}, {"steps", std::to_string(seen_ - kUnprofiledSteps)}});
  return OkStatus();
}

}  // namespace eoa::train
