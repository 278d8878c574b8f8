// Stats of one part of the operator as families of metrics. Pure functions of a snapshot. Private to this folder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "broker/rest/broker_service.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/metrics/family.h"
#include "operator/kube/api_client.h"
#include "operator/kube/work_queue.h"
#include "operator/metrics/snapshots.h"

namespace eoa::metrics {

// controller_runtime_*: names, labels and buckets of controller-runtime v0.24 (internal/controller/metrics), so that
// dashboards made for it work.
Families ReconcileFamilies(const std::string& controller, const ReconcileSnapshot& snapshot);

// eoa_job_*_total, and the writes of the controller.
Families ControllerFamilies(const ControllerSnapshot& snapshot);

// eoa_events_total.
Families EventFamilies(const EventCounts& counts);

// eoa_token_reviews_*, eoa_tokens_remembered.
Families TokenFamilies(const TokenCounts& counts);

// workqueue_*: as controller-runtime's internal/metrics/workqueue.go.
Families QueueFamilies(const std::string& name, const kube::WorkQueueStats& stats);

// rest_client_*: as controller-runtime's metrics/client_go_adapter.go. Clients with the same host are summed.
Families ClientFamilies(const std::vector<kube::ApiClientStats>& clients);

// leader_election_*: as its metrics/leaderelection.go.
Families ElectionFamilies(const ElectionSnapshot& snapshot);

// eoa_cache_*, eoa_relists_total, eoa_watch_*. Namespaces of one resource are summed.
Families CacheFamilies(const std::vector<CacheSnapshot>& caches);

// eoa_broker_*.
Families BrokerFamilies(const broker::BrokerServiceStats& stats);

// eoa_jobs of all; eoa_job_*, eoa_population_*, eoa_exchange_* of at most `max_jobs`, which are the first ones by
// namespace and name.
Families JobFamilies(std::vector<JobSnapshot> jobs, std::size_t max_jobs, WallTime now);

// process_*: as client_golang's process collector on Linux, from `proc`, this process's folder below /proc. What
// cannot be read is left out. eoa_operator_heap_bytes is glibc's.
Families ProcessFamilies(FileSystem& files, const std::string& proc = "/proc/self");

}  // namespace eoa::metrics
