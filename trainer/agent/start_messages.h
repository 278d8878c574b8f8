// What the workers of a new attempt are told. Pure.
#pragma once

#include <vector>

#include "common/messages/messages.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {

// One message for each of this pod's members, ascending. `rates` are the population's LRs in the generation to resume;
// only the leader's worker is told. The worker of world rank 0 is told to listen on kStoreChannel.
std::vector<train::StartMessage> MakeStartMessages(const PodSetup& setup, const api::JoinAnswer& answer,
                                                   const std::vector<double>& rates);

// How long a collective may take before its peers count as lost: members wait in one while their leader exchanges (a
// decision and the weights, a deadline each).
int CollectiveTimeoutSeconds(const api::JobSpec& spec);

}  // namespace eoa::agent
