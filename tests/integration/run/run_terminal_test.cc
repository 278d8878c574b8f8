// What `eoa run` shows on a terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/integration/run/eoa_process.h"

namespace eoa::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Shown {
  std::string text;
  int code = -1;
};

// Runs eoa as a terminal's user would see it; with `interrupt` it gets Ctrl-C's signal when the first election is on
// the screen.
Shown OnTerminal(EoaRun& run, int columns, std::map<std::string, std::string> environment, bool interrupt) {
  const winsize size{24, static_cast<unsigned short>(columns), 0, 0};
  int reader = -1;
  int terminal = -1;
  EXPECT_EQ(::openpty(&reader, &terminal, nullptr, nullptr, &size), 0);
  ::fcntl(reader, F_SETFD, FD_CLOEXEC);
  run.WriteJob({.generations = interrupt ? 100 : 4});
  SubprocessOptions options;
  options.arguments = run.Arguments({run.JobFile(), "--output=" + run.Path("")});
  options.environment = run.environment();
  options.environment["TERM"] = "xterm";
  for (const auto& [name, value] : environment) options.environment[name] = value;
  options.descriptors = {{terminal, 0}, {terminal, 1}, {terminal, 2}};
  Result<Subprocess> process = Subprocess::Start(options);
  ::close(terminal);
  Shown shown;
  const SteadyTime deadline = RealClock().SteadyNow() + kRunLimit;
  bool interrupted = false;
  while (RealClock().SteadyNow() < deadline) {
    pollfd entry{reader, POLLIN, 0};
    if (::poll(&entry, 1, 1000) <= 0) continue;
    char piece[4096];
    const ssize_t got = ::read(reader, piece, sizeof piece);
    if (got <= 0) break;  // the last one who had the terminal open has gone
    shown.text.append(piece, static_cast<std::size_t>(got));
    if (interrupt && !interrupted && shown.text.find("elected w") != std::string::npos) {
      interrupted = true;
      EXPECT_EQ(::kill(process->pid(), SIGINT), 0);
    }
  }
  ::close(reader);
  const auto status = process->Wait(kRunLimit);
  if (status.ok()) shown.code = status->code;
  return shown;
}

// The widest line between line ends, escapes left aside.
int WidestLine(const std::string& text) {
  int widest = 0;
  int width = 0;
  bool escaped = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      width = 0;
    } else if (c == '\x1b') {
      escaped = true;
    } else if (escaped) {
      escaped = (c < 'a' || c > 'z') && (c < 'A' || c > 'Z');
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      widest = std::max(widest, ++width);
    }
  }
  return widest;
}

std::string TableOf(const std::string& text) {
  const auto end = text.rfind("\x1b[?25h");
  const auto begin = text.rfind("\x1b[J", end);
  return text.substr(begin, end - begin);
}

TEST(EoaRunTerminal, ShowsALiveTableThatFitsTheTerminalAndRestoresIt) {
  for (const int columns : {60, 120}) {
    EoaRun run("terminal_" + std::to_string(columns));
    const Shown shown = OnTerminal(run, columns, {}, false);
    EXPECT_EQ(shown.code, 0) << shown.text;
    EXPECT_THAT(shown.text, HasSubstr("\x1b[?25l"));
    const std::string table = TableOf(shown.text);
    EXPECT_LE(WidestLine(table), columns);
    EXPECT_THAT(table, HasSubstr("POPULATION"));
    EXPECT_THAT(table, HasSubstr("wolves"));
    EXPECT_THAT(table, HasSubstr("whales"));
    EXPECT_THAT(table, HasSubstr("Finished"));
    EXPECT_THAT(table, HasSubstr("100 %"));
    EXPECT_THAT(table, HasSubstr("elected w"));
    // Nothing but plain text after the cursor is back.
    const std::string after = shown.text.substr(shown.text.rfind("\x1b[?25h") + 6);
    EXPECT_THAT(after, Not(HasSubstr("\x1b")));
    EXPECT_THAT(after, HasSubstr("test     50 % of 1000 images"));
  }
}

TEST(EoaRunTerminal, NoColorMeansNoColor) {
  EoaRun colored("terminal_color");
  EXPECT_THAT(OnTerminal(colored, 80, {}, false).text, HasSubstr("\x1b[1m"));
  EoaRun plain("terminal_plain");
  EXPECT_THAT(OnTerminal(plain, 80, {{"NO_COLOR", "1"}}, false).text, Not(HasSubstr("\x1b[1m")));
}

TEST(EoaRunTerminal, CtrlCGivesTheCursorBack) {
  EoaRun run("terminal_interrupt", {{"EOA_SCRIPT_STEP_MS", "10"}});
  const Shown shown = OnTerminal(run, 80, {}, true);
  EXPECT_EQ(shown.code, 130);
  EXPECT_NE(shown.text.rfind("\x1b[?25h"), std::string::npos);
  EXPECT_GT(shown.text.rfind("\x1b[?25h"), shown.text.rfind("\x1b[?25l"));
  EXPECT_TRUE(run.Processes().empty());
}

TEST(EoaRunTerminal, WrongUsageIsExitCodeTwoWithHelp) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"run"}, {"run", "--nonsense"}, {"fly"}, {"run", "/nowhere/job.yaml"}}) {
    SubprocessOptions options;
    options.arguments = {EOA_BINARY_DIR "/eoa"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    Result<Subprocess> process = Subprocess::Start(options);
    ASSERT_TRUE(process.ok());
    EXPECT_EQ(process->Wait(kRunLimit).value().code, 2) << arguments.back();
  }
}

}  // namespace
}  // namespace eoa::test
