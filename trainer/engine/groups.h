// The groups that a member belongs to in one attempt.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"
#include "trainer/comm/meeting.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::train {

class Groups {
 public:
  // Returns once all members of the world are there. A world of one needs neither store nor network.
  static Result<Groups> Join(const StartMessage& start, const api::JobSpec& spec, c10::Device device);

  // The members that evolve together; rank = member, and member 0 leads.
  Comm& population() { return population_ ? *population_ : *world_; }

  // The members that average gradients and merge weights: the population, or with gradientScope Ecosphere all members
  // of the job.
  Comm& world() { return *world_; }

 private:
  Groups() = default;

  std::unique_ptr<Meeting> meeting_;
  std::unique_ptr<Comm> world_;
  std::unique_ptr<Comm> population_;  // null: the world is the population
};

}  // namespace eoa::train
