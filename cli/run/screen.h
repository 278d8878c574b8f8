// Screen: where `eoa run` shows what happens. On a terminal a table is redrawn in place below the lines printed so far;
// elsewhere (logs, CI) only the lines are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace eoa::local {

// Thread-safety: one owner. The destructor leaves the terminal as it was, the table as last shown.
class Screen {
 public:
  // `descriptor` stays the caller's.
  explicit Screen(int descriptor);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // A terminal that can be redrawn: a tty, and TERM is neither empty nor dumb.
  bool live() const { return live_; }

  // live(), and NO_COLOR (no-color.org) is not set.
  bool color() const { return color_; }

  // Columns of the terminal now; 80 when they are not known.
  int width() const;

  // Writes a line that stays.
  void Print(std::string_view line);

  // Replaces the table; nothing when not live().
  void Show(std::vector<std::string> table);

 private:
  int height() const;
  void Write(std::string_view text) const;

  int descriptor_;
  bool live_;
  bool color_;
  std::vector<std::string> table_;  // on the screen now
};

// What moves the cursor from below `table` to its first line and clears everything from there, on a terminal of `width`
// columns: lines that have become wider than the terminal take several rows. Pure.
std::string EraseTable(const std::vector<std::string>& table, int width);

// Columns that the text takes: bytes that are not part of an escape sequence and begin a UTF-8 character. Pure.
int VisibleWidth(std::string_view text);

}  // namespace eoa::local
