// AgentChannel: a worker's end of the line to its agent (docs/protocol.md, "Agent and worker").
//
// A thread of its own reads, so that a message never holds up training, and a stop is heard while the worker computes
// or waits for its peers. Thread-safety: Send from any thread; Await from one.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::train {

enum class ChannelEnd {
  kStopped,   // the agent asked to stop
  kLost,      // the agent is no more
  kViolated,  // the agent sent something that is not a message, or far more than it should
};

class AgentChannel {
 public:
  // `fd`: a stream socket, owned from now on. `on_end` is called at most once, on the reading thread, and may end the
  // process.
  AgentChannel(int fd, std::function<void(ChannelEnd, const std::string& why)> on_end);
  ~AgentChannel();

  // Calls `last` on the reading thread when the agent asks to stop, before `on_end`; null: nothing. Returns once an
  // earlier one is no longer being called.
  void BeforeStop(std::function<void()> last);

  // Drops the message when the agent is gone: the reading thread learns of that by itself.
  void Send(const FromWorker& message);

  // The agent's next message, which must be a Message. DeadlineExceeded when none comes within `timeout`, Internal when
  // it is another kind of message, Cancelled when the channel has ended.
  template <typename Message>
  Result<Message> Await(Duration timeout) {
    EOA_ASSIGN_OR_RETURN(ToWorker message, AwaitAny(timeout));
    if (Message* wanted = std::get_if<Message>(&message)) return std::move(*wanted);
    return InternalError("the agent sent another message than the one that is due: " +
                         EncodeLine(message).substr(0, 200));
  }

 private:
  Result<ToWorker> AwaitAny(Duration timeout);
  void ReadUntilEnd();
  std::optional<ChannelEnd> Accept(const std::string& line, std::string& why);

  const Descriptor channel_;
  const std::function<void(ChannelEnd, const std::string&)> on_end_;
  Mutex sending_;  // a line is written whole
  Mutex stopping_;
  std::function<void()> before_stop_ GUARDED_BY(stopping_);
  Mutex mutex_;
  CondVar arrived_;
  std::deque<ToWorker> inbox_ GUARDED_BY(mutex_);
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread reader_;
};

}  // namespace eoa::train
