#include "common/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

extern char** environ;

namespace eoa {
namespace {

std::vector<std::string> MergedEnvironment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=')));
    if (!changes.contains(name)) merged.emplace_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Longer waits would overflow the deadline, and are as good as for ever.
constexpr Duration kLongestWait = std::chrono::hours(24 * 365);

}  // namespace

std::string ExitStatus::ToString() const {
  if (signal != 0) return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  return "exit code " + std::to_string(code);
}

Result<Subprocess> Subprocess::Start(const SubprocessOptions& options) {
  EOA_CHECK(!options.arguments.empty(), "a subprocess needs a program");
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = MergedEnvironment(options.environment);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);

  int highest = 2;
  for (const auto& [ours, theirs] : options.descriptors) highest = std::max(highest, theirs);
  std::vector<bool> wanted(static_cast<std::size_t>(highest) + 1, false);
  wanted[1] = wanted[2] = true;
  std::vector<Descriptor> parked;
  int failure = 0;
  for (const auto& [ours, theirs] : options.descriptors) {
    // A target may be another pair's source; sources are therefore first copied above every number used in the child.
    Descriptor copy(::fcntl(ours, F_DUPFD_CLOEXEC, highest + 1));
    if (!copy.valid()) {
      failure = errno;
      break;
    }
    posix_spawn_file_actions_adddup2(&actions, copy.get(), theirs);
    parked.push_back(std::move(copy));
    wanted[static_cast<std::size_t>(theirs)] = true;
  }
  if (!wanted[0]) posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (int number = 3; number < highest; ++number) {
    if (!wanted[static_cast<std::size_t>(number)]) posix_spawn_file_actions_addclose(&actions, number);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);

  sigset_t none;
  sigset_t reset;
  sigemptyset(&none);
  sigemptyset(&reset);
  for (const int signal_number : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGHUP}) sigaddset(&reset, signal_number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &reset);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (options.new_process_group) {
    flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setpgroup(&attributes, 0);
  }
  posix_spawnattr_setflags(&attributes, flags);

  pid_t pid = -1;
  if (failure == 0) {
    failure = ::posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, Pointers(arguments).data(),
                             Pointers(environment).data());
  }
  parked.clear();
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return ErrnoError(failure, "starting " + arguments[0]);

  Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!ended.valid()) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return ErrnoError(error, "pidfd_open");
  }
  return Subprocess(pid, std::move(ended));
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ended_(std::move(other.ended_)),
      exit_status_(std::exchange(other.exit_status_, std::nullopt)) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  if (this != &other) {
    Reset();
    pid_ = std::exchange(other.pid_, -1);
    ended_ = std::move(other.ended_);
    exit_status_ = std::exchange(other.exit_status_, std::nullopt);
  }
  return *this;
}

Subprocess::~Subprocess() { Reset(); }

void Subprocess::Reset() {
  if (pid_ > 0) Terminate(Duration::zero());
  ended_.Close();
  pid_ = -1;
}

std::optional<ExitStatus> Subprocess::Poll() {
  if (exit_status_ || pid_ <= 0) return exit_status_;
  int raw = 0;
  const pid_t reaped = ::waitpid(pid_, &raw, WNOHANG);
  if (reaped == pid_) {
    exit_status_ = ExitStatus{WIFEXITED(raw) ? WEXITSTATUS(raw) : 0, WIFSIGNALED(raw) ? WTERMSIG(raw) : 0};
  } else if (reaped < 0 && errno == ECHILD) {
    // Somebody else reaped it; how it ended is not known any more.
    exit_status_ = ExitStatus{255, 0};
  }
  return exit_status_;
}

Result<ExitStatus> Subprocess::Wait(Duration timeout) {
  const SteadyTime deadline = RealClock().SteadyNow() + std::min(timeout, kLongestWait);
  for (;;) {
    if (const auto status = Poll()) return *status;
    const Duration left = deadline - RealClock().SteadyNow();
    if (left <= Duration::zero()) return DeadlineExceededError("process " + std::to_string(pid_) + " still runs");
    pollfd entry{ended_.get(), POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(milliseconds, 60'000)));
  }
}

Status Subprocess::Signal(int signal_number) {
  if (Poll()) return OkStatus();
  if (::kill(pid_, signal_number) != 0 && errno != ESRCH) {
    return ErrnoError(errno, "signalling process " + std::to_string(pid_));
  }
  return OkStatus();
}

ExitStatus Subprocess::Terminate(Duration grace) {
  if (const auto status = Poll()) return *status;
  if (grace > Duration::zero()) {
    ::kill(pid_, SIGTERM);
    if (const auto status = Wait(grace); status.ok()) return *status;
  }
  ::kill(pid_, SIGKILL);
  for (;;) {
    if (const auto status = Wait(std::chrono::seconds(60)); status.ok()) return *status;
  }
}

void DieWithParent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
}

}  // namespace eoa
