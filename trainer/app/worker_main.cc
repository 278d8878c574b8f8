// eoa-trainer-worker: one member, started by its agent, with the channel to it as descriptor kWorkerChannel.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/base/log.h"
#include "trainer/app/predict_main.h"
#include "trainer/engine/worker.h"
#include "trainer/model/keep_memory.h"

namespace {

using eoa::ExitCode;
using eoa::train::ChannelEnd;

// Without destructors: other threads may be in the midst of a collective that never ends. What is on disk is whole at
// any time.
[[noreturn]] void Leave(ExitCode code) { std::_Exit(static_cast<int>(code)); }

void OnChannelEnd(ChannelEnd end, const std::string& why) {
  if (end == ChannelEnd::kStopped) Leave(ExitCode::kOk);
  eoa::Log(eoa::LogLevel::kError, "the worker ends", {{"reason", why}});
  Leave(ExitCode::kInternal);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "predict") return eoa::PredictMain(argc, argv);
  if (::isatty(eoa::train::kWorkerChannel) == 1 || ::lseek(eoa::train::kWorkerChannel, 0, SEEK_CUR) != -1) {
    std::fputs("eoa-trainer-worker is started by eoa-trainer\n", stderr);
    return static_cast<int>(ExitCode::kBadConfiguration);
  }
  eoa::train::KeepFreedMemory();
  eoa::train::AgentChannel channel(eoa::train::kWorkerChannel, OnChannelEnd);
  const auto start = channel.Await<eoa::train::StartMessage>(std::chrono::minutes(1));
  if (!start.ok()) {
    eoa::Log(eoa::LogLevel::kError, "no start message", {{"reason", start.error().ToString()}});
    Leave(ExitCode::kInternal);
  }
  eoa::ConfigureLog({.program = "worker " + start->population + "/" + std::to_string(start->member)});
  const eoa::Status status = eoa::train::RunWorker(*start, channel, eoa::RealFileSystem(), eoa::RealClock());
  if (status.ok()) Leave(ExitCode::kOk);
  const eoa::Error& error = status.error();
  channel.Send(
      eoa::train::ErrorMessage{.code = std::string(eoa::ErrorCodeName(error.code())), .message = error.message()});
  Leave(eoa::train::ExitCodeFor(error.code()));
}
