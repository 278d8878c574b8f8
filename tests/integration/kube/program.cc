#include "tests/integration/kube/program.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "common/base/check.h"

namespace eoa {

Program::Program(const std::vector<std::string>& arguments) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  EOA_CHECK(::pipe2(input.data(), O_CLOEXEC) == 0 && ::pipe2(output.data(), O_CLOEXEC) == 0, "pipe2");
  SubprocessOptions options;
  options.arguments = arguments;
  options.descriptors = {{input[0], STDIN_FILENO}, {output[1], STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  Result<Subprocess> process = Subprocess::Start(options);
  EOA_CHECK(process.ok(), arguments[0]);
  process_ = *std::move(process);
  ::close(input[0]);
  ::close(output[1]);
  stdin_ = input[1];
  for (char next = 0; next != '\n';) {
    pollfd entry{output[0], POLLIN, 0};
    EOA_CHECK(::poll(&entry, 1, 10'000) == 1 && ::read(output[0], &next, 1) == 1, "the program says nothing");
    if (next != '\n') line_ += next;
  }
  ::close(output[0]);
}

Program::~Program() {
  ::close(stdin_);
  process_->Terminate(std::chrono::seconds(5));
}

void RunToEnd(const std::vector<std::string>& arguments) {
  SubprocessOptions options;
  options.arguments = arguments;
  Result<Subprocess> process = Subprocess::Start(options);
  EOA_CHECK(process.ok(), arguments[0]);
  const Result<ExitStatus> end = process->Wait(std::chrono::minutes(1));
  EOA_CHECK(end.ok() && end->ok(), arguments[0]);
}

}  // namespace eoa
