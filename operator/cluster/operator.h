// Operator: the program eoa-operator, without its flags: it watches EOAJobs and their children, and the one process
// that leads reconciles them and serves their broker. The others wait with warm caches.
//
// Life: metrics and health are served at once; caches fill; then the process is ready and runs for the Lease. When it
// leads: the broker serves, each job as soon as what is stored of it is read; workers start; its pod is labelled, so that
// trainers find it. A leader that loses the Lease stops serving and ends at once, without cleaning up, since another may
// lead already. Asked to stop, it stops serving, lets its workers finish, gives the Lease back and ends well.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "common/words/labels.h"
#include "operator/kube/connection.h"

namespace eoa::cluster {

struct OperatorOptions {
  std::vector<std::string> namespaces;  // none: all
  std::string trainer_image;
  std::string broker_url;  // as pods reach it
  std::string broker_address = "0.0.0.0";
  std::uint16_t broker_port = 8080;  // 0: any free one
  std::string metrics_address = "0.0.0.0";
  std::uint16_t metrics_port = 8081;  // likewise
  std::string health_address = "0.0.0.0";
  std::uint16_t health_port = 8082;  // likewise
  bool leader_elect = true;
  std::string lease_namespace;
  std::string lease_name = std::string(kOperatorName);
  std::string identity;  // unique for each process
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
  int workers = 8;
  double requests_per_second = 0;  // 0: no limit; the API server's own fairness does it
  int burst = 100;
  std::string pod_name;                            // own pod; empty: not in a pod
  std::string pod_namespace;                       // likewise
  Duration label_check = std::chrono::minutes(1);  // between two looks at whether the leader's label is still there
  std::string version;
  Duration sync_deadline = std::chrono::seconds(60);
  Duration drain_deadline = std::chrono::seconds(20);
};

// InvalidArgument says which flag is wrong.
Status CheckOperatorOptions(const OperatorOptions& options);

// Asks a running operator to end. Thread-safety: every method from any thread.
class StopSignal {
 public:
  enum class Reason { kNone, kAsked, kLeadershipLost };

  void Ask() { Set(Reason::kAsked); }
  void LoseLeadership() { Set(Reason::kLeadershipLost); }

  // The first reason that was given; kNone when there is none within `limit`.
  Reason Wait(Duration limit) const;
  Reason reason() const { return Wait(Duration::zero()); }

  // Until there is a reason, however long that takes: an operator that leads does so until it is told to end.
  void WaitForever() const;

 private:
  void Set(Reason reason);
  mutable Mutex mutex_;
  mutable CondVar changed_;
  Reason reason_ GUARDED_BY(mutex_) = Reason::kNone;
};

// One client with connections of its own.
using HttpClientFactory = std::function<std::unique_ptr<net::HttpClient>()>;

// Told once the ports are known, for tests.
struct OperatorPorts {
  std::uint16_t broker = 0;
  std::uint16_t metrics = 0;
  std::uint16_t health = 0;
};

// Owns every thread and connection of a running operator.
class Operator {
 public:
  // Ends all threads and waits for them, for a worker that hangs too. Where that must not be waited for, as after
  // Aborted, a process leaves by _exit before.
  virtual ~Operator() = default;

  // Once: runs until `stop` says so, or something cannot go on; `on_ports` may be null. Ok: it was asked to stop and
  // everything is done. Aborted: it does not lead any more, or a worker did not end in time; threads still run, and use
  // all that the operator was made with. InvalidArgument: as CheckOperatorOptions. Other errors: it could not start.
  virtual Status Run(const std::function<void(const OperatorPorts&)>& on_ports) = 0;
};

// `options`, `clock` and `stop` outlive it.
std::unique_ptr<Operator> MakeOperator(const OperatorOptions& options, const kube::Connection& connection,
                                       const HttpClientFactory& make_client, Clock& clock, StopSignal& stop);

}  // namespace eoa::cluster
