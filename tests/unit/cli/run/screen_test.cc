#include "cli/run/screen.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace eoa::local {
namespace {

TEST(Screen, CountsColumnsNotBytesAndNoEscapes) {
  EXPECT_EQ(VisibleWidth("abc"), 3);
  EXPECT_EQ(VisibleWidth("\x1b[1mabc\x1b[0m"), 3);
  EXPECT_EQ(VisibleWidth("K\xc3\xb6ln"), 4);
}

TEST(Screen, ErasesTheRowsThatATableTakesAfterTheTerminalWasMadeNarrower) {
  EXPECT_EQ(EraseTable({}, 80), "");
  EXPECT_EQ(EraseTable({"a", "b"}, 80), "\x1b[2A\r\x1b[J");
  EXPECT_EQ(EraseTable({std::string(80, 'a'), ""}, 40), "\x1b[3A\r\x1b[J");
}

// Both ends of a pseudo-terminal of a given size.
class PtyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    const winsize size{10, 60, 0, 0};
    ASSERT_EQ(::openpty(&reader_, &terminal_, nullptr, nullptr, &size), 0);
  }
  void TearDown() override {
    ::close(reader_);
    ::close(terminal_);
  }
  std::string Shown() const {
    std::string text(65536, '\0');
    const ssize_t size = ::read(reader_, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text;
  }
  int reader_ = -1;
  int terminal_ = -1;
};

TEST_F(PtyTest, IsLiveAndKnowsItsWidth) {
  Screen screen(terminal_);
  EXPECT_TRUE(screen.live());
  EXPECT_TRUE(screen.color());
  EXPECT_EQ(screen.width(), 60);
  const winsize wider{10, 120, 0, 0};
  ASSERT_EQ(::ioctl(terminal_, TIOCSWINSZ, &wider), 0);
  EXPECT_EQ(screen.width(), 120);
}

TEST_F(PtyTest, RedrawsTheTableBelowWhatWasPrintedAndGivesTheCursorBack) {
  {
    Screen screen(terminal_);
    screen.Show({"one", "two"});
    screen.Print("news");
    screen.Show({"three"});
  }
  EXPECT_EQ(Shown(),
            "\x1b[?25l"
            "one\r\ntwo\r\n"
            "\x1b[2A\r\x1b[J"
            "news\r\none\r\ntwo\r\n"
            "\x1b[2A\r\x1b[J"
            "three\r\n"
            "\x1b[?25h");
}

TEST_F(PtyTest, ATableTallerThanTheTerminalIsCut) {
  {
    Screen screen(terminal_);
    screen.Show(std::vector<std::string>(30, "row"));
    screen.Show({});
  }
  EXPECT_NE(Shown().find("\x1b[9A"), std::string::npos);
}

TEST_F(PtyTest, NoColorAndDumbTerminalsAreHonoured) {
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(Screen(terminal_).color());
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Screen(terminal_).live());
}

TEST(Screen, AFileGetsTheLinesAndNothingElse) {
  const std::string path = ::testing::TempDir() + "screen_test.txt";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  ASSERT_GE(file, 0);
  {
    Screen screen(file);
    EXPECT_FALSE(screen.live());
    screen.Show({"table"});
    screen.Print("line");
  }
  char text[64] = {};
  EXPECT_EQ(::pread(file, text, sizeof text, 0), 5);
  EXPECT_STREQ(text, "line\n");
  ::close(file);
}

}  // namespace
}  // namespace eoa::local
