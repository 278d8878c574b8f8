// Which populations' weights make up the next generation's (docs/protocol.md, "Weights"). Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/job/job.h"
#include "common/messages/messages.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::agent {

struct MixPlan {
  std::optional<train::MergeMessage> merge;  // weightMerge Best: whose weights the population's merged ones are
  std::vector<api::WeightSource> foreign;    // to be fetched; empty: own weights only
  int own_members = 0;                       // 0: the own weights take no part
};

// `population` is this one's index. A population that the decision does not list still takes part with its own
// weights.
MixPlan PlanMix(const api::JobSpec& spec, int population, const api::Decision& decision);

struct Mix {
  double own_weight = 1;
  std::vector<train::ForeignWeights> foreign;
};

// `files`: what could be fetched, by population. What is missing is left out; the shares sum to 1 again, and with
// nothing but missing files the own weights stay.
Mix MixFetched(const MixPlan& plan, const std::map<std::string, std::string>& files);

}  // namespace eoa::agent
