// Exit codes of the programs (docs/operations.md has the same tables). A trainer's code decides whether its population
// is restarted, so the operator and `eoa run` read it too.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace eoa {

// Of agents (eoa-trainer) and workers (eoa-trainer-worker).
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,
  kBadConfiguration = 64,
  kBadData = 65,
  kNotFinite = 66,
  kPeerLost = 75,
  kOutOfMemory = 76,
  kStartOver = 77,
  kPreempted = 143,
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
  bool retried;  // the population is started again, within its restart budget
};

inline constexpr std::array kExitCodes = {
    ExitCodeMeaning{ExitCode::kOk, "finished", false},
    ExitCodeMeaning{ExitCode::kInternal, "internal error: a bug", true},
    ExitCodeMeaning{ExitCode::kBadConfiguration, "bad job or flags", false},
    ExitCodeMeaning{ExitCode::kBadData, "data set unusable; the message names file and record", false},
    ExitCodeMeaning{ExitCode::kNotFinite, "training diverged beyond repair (non-finite)", false},
    ExitCodeMeaning{ExitCode::kPeerLost, "a peer or the store was lost", true},
    ExitCodeMeaning{ExitCode::kOutOfMemory, "out of memory", true},
    ExitCodeMeaning{
        ExitCode::kStartOver,
        "the device, the checkpoint directory, a port or the token failed; or a checkpoint is damaged, and the "
        "one before will be used",
        true},
    ExitCodeMeaning{ExitCode::kPreempted, "asked to stop (SIGTERM)", true},
};

// A trainer that failed so would fail so again. False for codes that are not ours, as of a process that was killed.
constexpr bool IsHopeless(int code) {
  for (const ExitCodeMeaning& each : kExitCodes) {
    if (static_cast<int>(each.code) == code) return !each.retried && each.code != ExitCode::kOk;
  }
  return false;
}

// Of `eoa` and eoa-operator, and of the trainer's programs that export and predict.
struct CommandExit {
  static constexpr int kOk = 0;
  static constexpr int kFailed = 1;          // stderr says why
  static constexpr int kWrongUsage = 2;      // wrong flags, or what they name cannot be read: nothing was begun
  static constexpr int kLeadershipLost = 3;  // eoa-operator: another replica leads
  static constexpr int kInterrupted = 130;   // eoa run: by a signal
};

}  // namespace eoa
