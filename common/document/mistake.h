// Mistake: one thing that is wrong in a job file, described so that its author can mend it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace eoa::api {

inline constexpr std::size_t kMaxMistakes = 100;  // of one file; more would not help

// Where something stands in a text; both count from 1, columns in characters. Line 0: the value came from no text.
struct Mark {
  int line = 0;
  int column = 0;
};

struct Mistake {
  Mark mark;
  std::string field;    // "spec.populations[1].members"; empty: the document as a whole
  std::string value;    // as written, shortened; empty when it is not one value that is wrong
  std::string message;  // what is allowed, and how to get there
};

// "FILE:LINE:COLUMN: FIELD: value 'VALUE': MESSAGE" in one line, leaving out what is not known. Control characters of
// the file are escaped, so that it cannot move a terminal's cursor.
std::string ToString(const Mistake& mistake, std::string_view file);

}  // namespace eoa::api
