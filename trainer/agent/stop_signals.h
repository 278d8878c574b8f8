// SIGTERM and SIGINT: what tells an agent to end.
#pragma once

#include <csignal>

namespace eoa::agent {

inline sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// To be called before any thread exists, so that all inherit it: the signals then reach only who waits for them. A peer
// that is gone is an error of the call, not a signal.
inline void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace eoa::agent
