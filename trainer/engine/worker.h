// The worker process's life: meet the others, train and judge generation after generation, finish. docs/protocol.md,
// "Agent and worker", has the conversation with the agent; docs/architecture.md the way of the data.
#pragma once

#include <atomic>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/result.h"
#include "trainer/config/worker_protocol.h"
#include "trainer/engine/agent_channel.h"

namespace eoa::train {

// Returns once the job is done and the agent has been told, or with the first error. The calling thread computes;
// LibTorch's thread count is set for the whole process.
Status RunWorker(const StartMessage& start, AgentChannel& channel, FileSystem& files, Clock& clock);

// How a worker that failed with `code` exits:
//   InvalidArgument, Unimplemented,
//   FailedPrecondition                       kBadConfiguration
//   Aborted                                  kStartOver
//   NotFound, PermissionDenied, DataLoss     kBadData
//   OutOfRange                               kNotFinite
//   Unavailable, DeadlineExceeded            kPeerLost
//   ResourceExhausted                        kOutOfMemory
//   others                                   kInternal
ExitCode ExitCodeFor(ErrorCode code);

}  // namespace eoa::train
