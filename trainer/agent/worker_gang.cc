#include "trainer/agent/worker_gang.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "common/base/descriptor.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

}  // namespace

struct WorkerGang::Worker {
  Subprocess process;
  Descriptor channel;
  std::string received;  // the beginning of a line
  std::string to_send;
  bool channel_open = true;
  bool exit_reported = false;

  void Flush();
  void Read(int index, std::vector<GangEvent>& events);
  void TakeLines(int index, std::vector<GangEvent>& events);
  void Reject(int index, const Error& error, std::vector<GangEvent>& events);
};

WorkerGang::WorkerGang() = default;
WorkerGang::WorkerGang(WorkerGang&&) noexcept = default;
WorkerGang& WorkerGang::operator=(WorkerGang&&) noexcept = default;

WorkerGang::~WorkerGang() {
  // All first, so that they end side by side; then each is reaped by its Subprocess.
  for (Worker& worker : workers_) {
    if (!worker.process.Poll()) ::kill(worker.process.pid(), SIGKILL);
  }
}

Result<WorkerGang> WorkerGang::Start(const GangOptions& options, const std::vector<train::StartMessage>& messages) {
  WorkerGang gang;
  for (const train::StartMessage& message : messages) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return ErrnoError(errno, "socketpair");
    Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    // Only our end: a worker may read its end blocking.
    if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoError(errno, "fcntl");
    SubprocessOptions process;
    process.arguments = {options.program};
    process.environment = options.environment;
    process.descriptors = {{STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    process.descriptors.emplace_back(theirs.get(), train::kWorkerChannel);
    if (message.store_descriptor >= 0)
      process.descriptors.emplace_back(options.store_descriptor, message.store_descriptor);
    EOA_ASSIGN_OR_RETURN(Subprocess started, Subprocess::Start(process));
    gang.workers_.push_back(
        Worker{.process = std::move(started), .channel = std::move(ours), .received = {}, .to_send = {}});
  }
  for (std::size_t i = 0; i < messages.size(); ++i) gang.Send(static_cast<int>(i), messages[i]);
  return gang;
}

std::vector<pollfd> WorkerGang::PollEntries() const {
  std::vector<pollfd> entries;
  for (const Worker& worker : workers_) {
    if (worker.channel_open) {
      entries.push_back(
          {worker.channel.get(), static_cast<short>(worker.to_send.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    }
    if (!worker.exit_reported) entries.push_back({worker.process.exit_descriptor(), POLLIN, 0});
  }
  return entries;
}

std::vector<GangEvent> WorkerGang::Collect() {
  std::vector<GangEvent> events;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    const int index = static_cast<int>(i);
    // Asked before the last read, so that nothing sent before the exit is missed.
    const std::optional<ExitStatus> status = worker.process.Poll();
    worker.Flush();
    worker.Read(index, events);
    if (status && !worker.exit_reported) {
      worker.exit_reported = true;
      events.push_back({index, *status});
    }
  }
  return events;
}

void WorkerGang::Send(int worker, const train::ToWorker& message) {
  Worker& receiver = workers_[static_cast<std::size_t>(worker)];
  if (!receiver.channel_open) return;
  receiver.to_send += train::EncodeLine(message) + "\n";
  receiver.Flush();
}

void WorkerGang::Worker::Flush() {
  while (channel_open && !to_send.empty()) {
    const ssize_t sent = ::send(channel.get(), to_send.data(), to_send.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      if (errno != EAGAIN) to_send.clear();  // it has gone; its exit is seen elsewhere
      return;
    }
    to_send.erase(0, static_cast<std::size_t>(sent));
  }
}

void WorkerGang::Worker::Read(int index, std::vector<GangEvent>& events) {
  std::string piece(kReadBytes, '\0');
  while (channel_open) {
    const ssize_t size = ::recv(channel.get(), piece.data(), piece.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      channel_open = false;
      return;
    }
    received.append(piece, 0, static_cast<std::size_t>(size));
    TakeLines(index, events);
  }
}

void WorkerGang::Worker::TakeLines(int index, std::vector<GangEvent>& events) {
  std::size_t begin = 0;
  for (std::size_t end = received.find('\n'); end != std::string::npos; end = received.find('\n', begin)) {
    const Result<train::FromWorker> message =
        train::DecodeFromWorker(std::string_view(received).substr(begin, end - begin));
    begin = end + 1;
    if (!message.ok()) {
      Reject(index, message.error(), events);
      return;
    }
    events.push_back({index, *message});
  }
  received.erase(0, begin);
  if (received.size() > train::kMaxLineBytes) Reject(index, ResourceExhaustedError("a line is too long"), events);
}

void WorkerGang::Worker::Reject(int index, const Error& error, std::vector<GangEvent>& events) {
  channel_open = false;
  received.clear();
  if (!process.Poll()) ::kill(process.pid(), SIGKILL);
  const Error wrong = Error(error).WithContext("the worker sent a line that is not a message");
  events.push_back({index, train::ErrorMessage{std::string(ErrorCodeName(wrong.code())), wrong.message()}});
}

std::map<std::string, std::string> WorkerEnvironment(int threads) {
  std::map<std::string, std::string> environment = {
      // Spinning threads of one worker take the cores from the others.
      {"OMP_WAIT_POLICY", "passive"},
      // Blocks up to 32 MiB (the most that glibc allows) come from the heap, which is trimmed late: no page faults at
      // every step.
      {"MALLOC_MMAP_THRESHOLD_", "33554432"},
      {"MALLOC_TRIM_THRESHOLD_", "536870912"},
      {"MALLOC_TOP_PAD_", "67108864"},
  };
  std::erase_if(environment, [](const auto& entry) { return std::getenv(entry.first.c_str()) != nullptr; });
  environment["OMP_NUM_THREADS"] = std::to_string(threads);
  return environment;
}

}  // namespace eoa::agent
