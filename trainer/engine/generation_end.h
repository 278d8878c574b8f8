// GenerationEnd: what members do together when a generation has been trained and judged (docs/architecture.md, "How
// data flows through one generation"): gather fitness and LR, merge weights, hand the merged ones to other populations,
// take theirs and the next LRs.
//
// Every method is collective in the population or the world; the population's leader (member 0) speaks with the agent
// in between. Thread-safety: none; one owner.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"
#include "trainer/comm/comm.h"
#include "trainer/config/worker_protocol.h"
#include "trainer/engine/agent_channel.h"
#include "trainer/engine/flat_weights.h"
#include "trainer/engine/groups.h"

namespace eoa::train {

class GenerationEnd {
 public:
  struct Options {
    const api::JobSpec* spec = nullptr;  // all pointers are borrowed
    Groups* groups = nullptr;
    AgentChannel* channel = nullptr;
    FileSystem* files = nullptr;
    std::string population;
    int member = 0;
    std::string directory;
    Duration agent_timeout{};  // for each of the agent's messages
    Metadata metadata;         // of weight files
  };
  explicit GenerationEnd(Options options) : options_(std::move(options)) {}

  // The leader tells the agent all members' results. `takes_part` in the merge; false: diverged, and its fitness counts
  // as 0. A fitness_loss that is not finite is not known. Returns how many of the population take part.
  Result<int> Report(int generation, const api::MemberReport& own, double images_per_second, bool takes_part);

  // `weights` are this member's own, then the merged ones; with other populations to come, on the leader only until
  // TakeNext. `participants` is what Report returned. OutOfRange when no member takes part.
  Status Merge(int generation, FlatWeights& weights, bool takes_part, int participants);

  // The members' LRs of the next generation (empty after the last). `weights`: other populations' are mixed in; the
  // same on all members.
  Result<std::vector<double>> TakeNext(int generation, FlatWeights& weights);

  // What the agent wants at the end of the job; the same on all members.
  Result<FinishMessage> TakeFinish();

  // `rates` of the leader, on all members.
  Result<std::vector<double>> ShareRates(const std::vector<double>& rates);

 private:
  bool leads() const { return options_.member == 0; }
  const api::JobSpec& spec() const { return *options_.spec; }
  int members() const;
  bool others_need_weights() const;
  Result<int> TakeRoot();
  Status Publish(int generation, const FlatWeights& weights);
  Status Mix(const NextMessage& next, FlatWeights& weights) const;

  Options options_;
  bool leader_merged_ = false;  // only the leader has the merged weights
};

}  // namespace eoa::train
