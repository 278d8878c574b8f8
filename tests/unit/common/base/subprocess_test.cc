#include "common/base/subprocess.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    CloseWriter();
  }
  int writer() const { return ends_[1]; }
  void CloseWriter() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  std::string ReadAll() {
    CloseWriter();
    std::string text;
    std::array<char, 4096> block;
    for (ssize_t got; (got = ::read(ends_[0], block.data(), block.size())) > 0;)
      text.append(block.data(), static_cast<std::size_t>(got));
    return text;
  }
  std::string ReadLine() {
    CloseWriter();
    std::string line;
    for (char c = 0; ::read(ends_[0], &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

 private:
  std::array<int, 2> ends_{};
};

struct Finished {
  ExitStatus status;
  std::string output;
};

// Runs `script` in a shell; `output` is what it wrote to stdout.
Finished RunShell(const std::string& script, SubprocessOptions options = {}) {
  Pipe output;
  options.arguments = {"sh", "-c", script};
  options.descriptors.emplace_back(output.writer(), 1);
  auto child = Subprocess::Start(options);
  EXPECT_TRUE(child.ok());
  Finished finished;
  finished.output = output.ReadAll();
  finished.status = *child->Wait(10s);
  return finished;
}

bool Exists(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST(SubprocessTest, TellsHowTheChildEnded) {
  EXPECT_TRUE(RunShell("exit 0").status.ok());
  EXPECT_EQ(RunShell("exit 3").status.ToString(), "exit code 3");
  EXPECT_EQ(RunShell("kill -9 $$").status.ToString(), "signal 9 (Killed)");
}

TEST(SubprocessTest, RefusesAProgramThatIsNotThere) {
  const auto child = Subprocess::Start({.arguments = {"/no/such/program"}});
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(child.error().message(), HasSubstr("/no/such/program"));
}

TEST(SubprocessTest, GivesTheChildOurEnvironmentWithTheChanges) {
  ::setenv("EOA_TEST_KEPT", "kept", 1);
  ::setenv("EOA_TEST_CHANGED", "old", 1);
  SubprocessOptions options;
  options.environment = {{"EOA_TEST_CHANGED", "new"}, {"EOA_TEST_ADDED", "a=b c"}};
  const auto finished = RunShell("echo $EOA_TEST_KEPT,$EOA_TEST_CHANGED,$EOA_TEST_ADDED", options);
  EXPECT_EQ(finished.output, "kept,new,a=b c\n");
}

TEST(SubprocessTest, ClosesEveryDescriptorThatIsNotListed) {
  // Without close-on-exec, as careless libraries open them.
  std::vector<int> careless;
  for (int i = 0; i < 20; ++i) careless.push_back(::open("/dev/null", O_RDONLY));
  SubprocessOptions options;
  options.descriptors = {{careless[0], 15}};
  const auto finished =
      RunShell("n=3; while [ $n -lt 40 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n + 1)); done", options);
  for (const int descriptor : careless) ::close(descriptor);
  EXPECT_EQ(finished.output, "15\n");
}

TEST(SubprocessTest, SwapsDescriptorsWithoutMixingThemUp) {
  Pipe first;
  Pipe second;
  SubprocessOptions options;
  options.arguments = {"sh", "-c", "echo one >&3; echo two >&4"};
  // Each target may be the other's source.
  options.descriptors = {{first.writer(), 3}, {second.writer(), 4}};
  auto child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(first.ReadAll(), "one\n");
  EXPECT_EQ(second.ReadAll(), "two\n");
  EXPECT_TRUE(child->Wait(10s)->ok());
}

TEST(SubprocessTest, ReadsNothingFromStandardInputUnlessListed) {
  EXPECT_EQ(RunShell("cat; echo end").output, "end\n");
}

TEST(SubprocessTest, PutsTheChildIntoItsOwnProcessGroup) {
  const std::string ask = "awk '{print $5}' /proc/self/stat";
  EXPECT_NE(std::stol(RunShell(ask).output), ::getpgrp());
  SubprocessOptions options;
  options.new_process_group = false;
  EXPECT_EQ(std::stol(RunShell(ask, options).output), ::getpgrp());
}

TEST(SubprocessTest, StartsTheChildWithDefaultSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const auto finished = RunShell("kill -TERM $$; echo survived");
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(finished.status.signal, SIGTERM);
}

TEST(SubprocessTest, WaitsNoLongerThanAsked) {
  auto child = Subprocess::Start({.arguments = {"sleep", "1000"}});
  ASSERT_TRUE(child.ok());
  EXPECT_FALSE(child->Poll().has_value());
  const auto waited = child->Wait(20ms);
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.error().code(), ErrorCode::kDeadlineExceeded);
}

TEST(SubprocessTest, MakesItsDescriptorReadableAtTheEnd) {
  auto child = Subprocess::Start({.arguments = {"sleep", "1000"}});
  ASSERT_TRUE(child.ok());
  pollfd entry{child->exit_descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  ASSERT_TRUE(child->Signal(SIGKILL).ok());
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  EXPECT_EQ(child->Wait(Duration::max())->signal, SIGKILL);
  EXPECT_TRUE(child->Signal(SIGKILL).ok());
}

TEST(SubprocessTest, TerminatesGentlyFirst) {
  Pipe output;
  auto child = Subprocess::Start(
      {.arguments = {"sh", "-c", "trap 'echo cleaned; exit 7' TERM; echo ready; while :; do sleep 0.01; done"},
       .descriptors = {{output.writer(), 1}}});
  ASSERT_TRUE(child.ok());
  ASSERT_EQ(output.ReadLine(), "ready");
  EXPECT_EQ(child->Terminate(10s).code, 7);
  EXPECT_EQ(output.ReadLine(), "cleaned");
}

TEST(SubprocessTest, KillsAChildThatDoesNotListen) {
  Pipe output;
  auto child = Subprocess::Start({.arguments = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"},
                                  .descriptors = {{output.writer(), 1}}});
  ASSERT_TRUE(child.ok());
  ASSERT_EQ(output.ReadLine(), "ready");
  EXPECT_EQ(child->Terminate(50ms).signal, SIGKILL);
}

TEST(SubprocessTest, LeavesNoChildAndNoZombieBehind) {
  pid_t pid = -1;
  {
    auto child = Subprocess::Start({.arguments = {"sleep", "1000"}});
    ASSERT_TRUE(child.ok());
    pid = child->pid();
    Subprocess moved = std::move(*child);
    EXPECT_TRUE(Exists(pid));
    EXPECT_EQ(moved.pid(), pid);
  }
  EXPECT_FALSE(Exists(pid));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// A child that called DieWithParent ends when its parent is killed: shell (the parent) and a fork of this test (the
// child).
TEST(SubprocessTest, DiesWithItsParent) {
  std::array<int, 2> report{};
  ASSERT_EQ(::pipe(report.data()), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t self = ::getpid();
    if (::fork() == 0) {
      DieWithParent(self);
      (void)!::write(report[1], "x", 1);
      ::close(report[0]);
      ::pause();
    }
    ::close(report[1]);
    ::pause();
  }
  ::close(report[1]);
  char c = 0;
  ASSERT_EQ(::read(report[0], &c, 1), 1);
  ::kill(parent, SIGKILL);
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  // The grandchild holds the other end of the pipe until it is gone.
  pollfd entry{report[0], POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, 10'000), 1);
  EXPECT_EQ(::read(report[0], &c, 1), 0);
  ::close(report[0]);
}

TEST(SubprocessTest, EndsAtOnceWhenTheParentIsGoneAlready) {
  const pid_t child = ::fork();
  if (child == 0) {
    DieWithParent(::getppid() + 1);
    ::_exit(0);
  }
  int raw = 0;
  ASSERT_EQ(::waitpid(child, &raw, 0), child);
  EXPECT_EQ(WEXITSTATUS(raw), 1);
}

}  // namespace
}  // namespace eoa
