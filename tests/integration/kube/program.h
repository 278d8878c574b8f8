// Program: a child process of a test that prints one line when it is ready and ends with its stdin.
#pragma once

#include <string>
#include <vector>

#include "common/base/subprocess.h"

namespace eoa {

// Thread-safety: none.
class Program {
 public:
  // Ends the test's process when the program does not start or prints no line within ten seconds.
  explicit Program(const std::vector<std::string>& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::string& first_line() const { return line_; }

 private:
  int stdin_ = -1;
  std::string line_;
  std::optional<Subprocess> process_;
};

// Runs it to its end within a minute; a failure ends the test's process.
void RunToEnd(const std::vector<std::string>& arguments);

}  // namespace eoa
