#include "cli/run/signal_queue.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace eoa::local {
namespace {

constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

SignalQueue::SignalQueue() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kStopSignals) sigaddset(&set, signal);
  sigaddset(&set, SIGWINCH);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  descriptor_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool SignalQueue::StopRequested() const {
  bool stop = false;
  signalfd_siginfo info{};
  while (::read(descriptor(), &info, sizeof info) == sizeof info) stop = stop || info.ssi_signo != SIGWINCH;
  return stop;
}

}  // namespace eoa::local
