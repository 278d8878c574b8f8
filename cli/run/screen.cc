#include "cli/run/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace eoa::local {
namespace {

constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

bool IsLive(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Screen::Screen(int descriptor)
    : descriptor_(descriptor), live_(IsLive(descriptor)), color_(live_ && !IsSet("NO_COLOR")) {
  if (live_) Write(kHideCursor);
}

Screen::~Screen() {
  if (live_) Write(kShowCursor);
}

int Screen::width() const {
  winsize size{};
  return ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int Screen::height() const {
  winsize size{};
  return ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

void Screen::Print(std::string_view line) {
  std::string text = EraseTable(table_, width());
  text.append(line).append("\n");
  for (const std::string& row : table_) text += row + "\n";
  Write(text);
}

void Screen::Show(std::vector<std::string> table) {
  if (!live_) return;
  // A table that is taller than the terminal could not be redrawn.
  const auto rows = static_cast<std::size_t>(std::max(1, height() - 1));
  if (table.size() > rows) table.resize(rows);
  std::string text = EraseTable(table_, width());
  for (const std::string& row : table) text += row + "\n";
  table_ = std::move(table);
  Write(text);
}

void Screen::Write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody looks any more; the run goes on
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string EraseTable(const std::vector<std::string>& table, int width) {
  if (table.empty()) return "";
  int rows = 0;
  for (const std::string& line : table) rows += std::max(1, (VisibleWidth(line) + width - 1) / width);
  return "\x1b[" + std::to_string(rows) + "A\r\x1b[J";
}

int VisibleWidth(std::string_view text) {
  int width = 0;
  bool escaped = false;
  for (const char c : text) {
    if (c == '\x1b') {
      escaped = true;
    } else if (escaped) {
      escaped = (c < 'a' || c > 'z') && (c < 'A' || c > 'Z');
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

}  // namespace eoa::local
