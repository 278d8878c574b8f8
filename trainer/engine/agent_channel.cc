#include "trainer/engine/agent_channel.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace eoa::train {
namespace {

// The agent sends at most three messages ahead of the worker's questions.
constexpr std::size_t kMaxWaiting = 16;
constexpr timeval kSendTimeout{.tv_sec = 10, .tv_usec = 0};

}  // namespace

AgentChannel::AgentChannel(int fd, std::function<void(ChannelEnd, const std::string&)> on_end)
    : channel_(fd), on_end_(std::move(on_end)) {
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  reader_ = std::thread([this] { ReadUntilEnd(); });
}

AgentChannel::~AgentChannel() {
  ::shutdown(channel_.get(), SHUT_RDWR);
  reader_.join();
}

void AgentChannel::BeforeStop(std::function<void()> last) {
  const MutexLock lock(stopping_);
  before_stop_ = std::move(last);
}

void AgentChannel::Send(const FromWorker& message) {
  const std::string line = EncodeLine(message) + "\n";
  const MutexLock lock(sending_);
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t size = ::send(channel_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      // Half a line must not be followed by another.
      ::shutdown(channel_.get(), SHUT_RDWR);
      return;
    }
    sent += static_cast<std::size_t>(size);
  }
}

Result<ToWorker> AgentChannel::AwaitAny(Duration timeout) {
  MutexLock lock(mutex_);
  if (!arrived_.WaitFor(mutex_, timeout, [this]() REQUIRES(mutex_) { return ended_ || !inbox_.empty(); })) {
    return DeadlineExceededError("no message from the agent within " + std::to_string(ToSeconds(timeout)) + " s");
  }
  if (inbox_.empty()) return CancelledError("the agent has ended the conversation");
  ToWorker message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

std::optional<ChannelEnd> AgentChannel::Accept(const std::string& line, std::string& why) {
  Result<ToWorker> message = DecodeToWorker(line);
  if (!message.ok()) {
    why = message.error().message();
    return ChannelEnd::kViolated;
  }
  if (std::holds_alternative<StopMessage>(*message)) {
    why = "stopped by the agent";
    return ChannelEnd::kStopped;
  }
  const MutexLock lock(mutex_);
  if (inbox_.size() >= kMaxWaiting) {
    why = "the agent sent more messages than were asked for";
    return ChannelEnd::kViolated;
  }
  inbox_.push_back(std::move(*message));
  arrived_.NotifyOne();
  return std::nullopt;
}

void AgentChannel::ReadUntilEnd() {
  ChannelEnd end = ChannelEnd::kLost;
  std::string why = "the agent has closed the channel";
  std::string text;
  std::array<char, 16 * 1024> block{};
  for (bool open = true; open;) {
    const ssize_t size = ::read(channel_.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t newline; open && (newline = text.find('\n', begin)) != std::string::npos; begin = newline + 1) {
      if (const auto reason = Accept(text.substr(begin, newline - begin), why)) {
        end = *reason;
        open = false;
      }
    }
    text.erase(0, begin);
    if (open && text.size() > kMaxLineBytes) {
      end = ChannelEnd::kViolated;
      why = "a line of more than " + std::to_string(kMaxLineBytes) + " bytes";
      open = false;
    }
  }
  if (end == ChannelEnd::kStopped) {
    const MutexLock lock(stopping_);
    if (before_stop_) before_stop_();
  }
  on_end_(end, why);
  const MutexLock lock(mutex_);
  ended_ = true;
  arrived_.NotifyAll();
}

}  // namespace eoa::train
